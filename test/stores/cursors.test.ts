import { Decimal128, Long, ObjectId } from 'mongodb';
import { decodeCursor, encodeCursor, momentOf, type CursorOrder, type Position } from '../../src/stores/cursors';

const ORDER = 'a asc, b desc';
const MOMENT = new Date('2026-01-01T00:00:00Z');

function orderOf(keys: number, moment?: Date): CursorOrder {
  return { name: ORDER, keys: { length: keys }, ...(moment ? { moment } : {}) };
}

function roundTrip(position: Position): Position {
  const order = orderOf(position.values.length);
  return decodeCursor(order, encodeCursor(order, position), 'after');
}

/** A cursor with any content. */
function forged(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

describe('cursors', () => {
  const id = new ObjectId('0123456789abcdef01234567');

  it.each<[string, Position['values']]>([
    ['numbers', [0, -1.5, 2 ** 60, 5e-324]],
    ['the infinities', [Infinity, -Infinity]],
    ['integers past 2^53', [Long.fromString('9007199254740993'), Long.MIN_VALUE]],
    ['decimals', ['0.1', '-1.50', '1E-10', '9.999E+6144', 'Infinity'].map((text) => Decimal128.fromString(text))],
    ['texts', ['', 'Ünï', '\u{1F9E0}\0"', 'x'.repeat(100_000)]],
    ['dates', [new Date(0), new Date(-1), new Date(8.64e15)]],
    ['the rest', [true, false, null]],
  ])('keep %s', (_, values) => {
    expect(roundTrip({ values, id })).toEqual({ values, id });
  });

  it('keep ids of every type', () => {
    for (const any of [id, 'a text', '', 42, 1.5]) expect(roundTrip({ values: [1], id: any }).id).toEqual(any);
  });

  it('carry the moment of an order that has one, and are refused at another', () => {
    const judged = orderOf(1, MOMENT);
    const cursor = encodeCursor(judged, { values: [1], id });
    expect(momentOf(cursor)).toEqual(MOMENT);
    expect(decodeCursor(judged, cursor, 'after')).toEqual({ values: [1], id });
    for (const other of [orderOf(1), orderOf(1, new Date(0))]) {
      expect(() => decodeCursor(other, cursor, 'after')).toThrow(/another walk/);
    }
    const plain = encodeCursor(orderOf(1), { values: [1], id });
    expect(() => decodeCursor(judged, plain, 'after')).toThrow(/another walk/);
  });

  it.each([undefined, null, -1, 1.5, 8.64e15 + 1, '5', 'x'])('carry no moment with %p in its place', (moment) => {
    expect(momentOf(forged([1, ORDER, [['v', 1]], ['v', 1], moment]))).toBeUndefined();
    expect(momentOf('x'.repeat(5))).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['another version', [2, ORDER, [['v', 1]], ['v', 1]]],
    ['a moment', [1, ORDER, [['v', 1]], ['v', 1], 5]],
    ['another order', [1, 'b asc', [['v', 1]], ['v', 1]]],
    ['other keys', [1, ORDER, [], ['v', 1]]],
    ['no keys', [1, ORDER, 5, ['v', 1]]],
    ['an operator for a value', [1, ORDER, [{ $gt: '' }], ['v', 1]]],
    ['an object for a value', [1, ORDER, [['v', { $gt: '' }]], ['v', 1]]],
    ['an id for a value', [1, ORDER, [['o', '0'.repeat(24)]], ['v', 1]]],
    ['a name of the language', [1, ORDER, [['constructor', 'x']], ['v', 1]]],
    ['no date', [1, ORDER, [['d', 1e300]], ['v', 1]]],
    ['no decimal', [1, ORDER, [['m', '1E+9999']], ['v', 1]]],
    ['NaN', [1, ORDER, [['m', 'NaN']], ['v', 1]]],
    ['no infinity', [1, ORDER, [['i', '1']], ['v', 1]]],
    ['no long', [1, ORDER, [['l', '1.5']], ['v', 1]]],
    ['no id', [1, ORDER, [['v', 1]], ['v', null]]],
    ['a list', []],
    ['an object', { a: 1 }],
    ['null', null],
  ])('are refused with %s in them', (_, content) => {
    expect(() => decodeCursor(orderOf(1), forged(content), 'after')).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) as unknown }),
    );
  });
});
