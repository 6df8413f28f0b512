import { BSONSymbol, deserialize, Double, EJSON, Long, serialize } from 'bson';
import { MongoError } from '../../src/embedded/errors';
import { decode, decodeFields } from '../../src/embedded/values/codec';
import { encode } from '../../src/embedded/values/encoder';
import { compare, equal, identical } from '../../src/embedded/values/compare';
import { encodeKey, groupKey, keyHash } from '../../src/embedded/values/keys';
import { indexKeyValues } from '../../src/embedded/values/paths';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  doc,
  int,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  Undefined,
  type Value,
} from '../../src/embedded/values/value';
import { compare as naive } from './naive/compare';
import { Random, seedOf } from './random';

/** A value as the driver would read it. */
const read = (v: Value): unknown => deserialize(encode(doc({ v })), { promoteValues: false, bsonRegExp: true }).v;

const seed = seedOf();
console.log(`values: EPOCHGRAPH_SEED=${seed}`);

const decimal = (text: string): Decimal128 => Decimal128.fromString(text);

/** Values near every boundary that the encodings have. */
const CORNERS: Value[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  Number.MAX_VALUE,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
  -(2 ** 63),
  int(0),
  int(1),
  int(-2147483648),
  int(2147483647),
  0n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  decimal('0'),
  decimal('-0'),
  decimal('0.1'),
  decimal('0.10'),
  decimal('1E400'),
  decimal('-1E400'),
  decimal('1E-400'),
  decimal('9223372036854775807'),
  decimal('NaN'),
  decimal('Infinity'),
  '',
  'a',
  'a\0',
  'a\0b',
  'ab',
  '\ud83d\ude00',
  '\uffff',
  'é',
  new Map(),
  doc({ a: 1 }),
  doc({ a: int(1), b: null }),
  doc({ b: 1 }),
  doc({ 1: 'x', 0: 'y' }),
  [],
  [null],
  [[]],
  [1, 'a'],
  new Binary(new Uint8Array([]), 0),
  new Binary(new Uint8Array([0, 1]), 0),
  new Binary(new Uint8Array([0, 1]), 4),
  new Binary(new Uint8Array([255]), 2),
  new ObjectId('000000000000000000000000'),
  new ObjectId('ffffffffffffffffffffffff'),
  true,
  false,
  new Date(0),
  new Date(-1),
  new Date(8.64e15),
  new Date(-8.64e15),
  new Timestamp({ t: 4294967295, i: 1 }),
  new Timestamp({ t: 1, i: 2 }),
  new BSONRegExp('a', ''),
  new BSONRegExp('a', 'i'),
  new Code('x'),
  null,
  new MinKey(),
  new MaxKey(),
];

function randomNumber(random: Random): Value {
  const whole = Math.floor((random.next() - 0.5) * 2 ** random.below(54));
  switch (random.below(5)) {
    case 0:
      return whole;
    case 1:
      return int(whole);
    case 2:
      return BigInt(whole) * BigInt(random.below(1024));
    case 3:
      return decimal(`${whole}E${random.below(20) - 10}`);
    default:
      return (random.next() - 0.5) * 10 ** (random.below(40) - 20);
  }
}

function randomValue(random: Random, depth = 0): Value {
  switch (random.below(depth > 3 ? 3 : 6)) {
    case 0:
      return randomNumber(random);
    case 1:
      return Array.from({ length: random.below(4) }, () =>
        random.pick(['a', 'b', '\0', 'é', '\u{1f600}', '\uffff']),
      ).join('');
    case 2:
    case 3:
      return random.pick(CORNERS);
    case 4:
      return Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
    default:
      return new Map(
        Array.from({ length: random.below(4) }, () => [
          random.pick(['a', 'b', '0', 'x.y', '']),
          randomValue(random, depth + 1),
        ]),
      );
  }
}

function randomValues(n: number): Value[] {
  const random = new Random(seed);
  return Array.from({ length: n }, () => randomValue(random));
}

describe('index keys', () => {
  const values = [...CORNERS, ...randomValues(400)];

  test('bytes sort as the values do, both ways', () => {
    const up = values.map((v) => encodeKey([v], [1]).bytes);
    const down = values.map((v) => encodeKey([v], [-1]).bytes);
    values.forEach((a, i) => {
      values.forEach((b, j) => {
        const order = Math.sign(compare(a, b));
        if (
          Math.sign(Buffer.compare(up[i]!, up[j]!)) !== order ||
          Math.sign(Buffer.compare(down[j]!, down[i]!)) !== order
        )
          throw new Error(
            `${up[i]!.toString('hex')} and ${up[j]!.toString('hex')} do not sort as their values (${order})`,
          );
      });
    });
  });

  test('comparison is that of the naive model', () => {
    // The model knows no code, and documents must be ones that a JavaScript object holds in order.
    const known = values
      .map((v) => ({ v, read: read(v) }))
      .filter((one) => !/"(\$code|\d+|__proto__)"/.test(EJSON.stringify(one.read, { relaxed: false })));
    expect(known.length).toBeGreaterThan(200);
    for (const a of known)
      for (const b of known) {
        const [order, want] = [Math.sign(compare(a.v, b.v)), Math.sign(naive(a.read, b.read))];
        if (order !== want) throw new Error(`${EJSON.stringify([a.read, b.read])}: ${order}, not ${want}`);
      }
  });

  test('comparison is an order: antisymmetric and transitive', () => {
    const sorted = [...values].sort(compare);
    for (let i = 0; i < sorted.length; i++)
      for (let j = i; j < sorted.length; j++) {
        if (compare(sorted[i], sorted[j]) > 0 || compare(sorted[j], sorted[i]) < 0) throw new Error(`${i} and ${j}`);
      }
  });

  test('compound keys sort field by field', () => {
    const random = new Random(seed);
    for (let n = 0; n < 20_000; n++) {
      const a = [random.pick(values), random.pick(CORNERS)];
      const b = [random.chance(0.5) ? a[0]! : random.pick(values), random.pick(CORNERS)];
      const directions: (1 | -1)[] = [random.pick([1, -1]), random.pick([1, -1])];
      const order = directions[0]! * compare(a[0], b[0]) || directions[1]! * compare(a[1], b[1]);
      const bytes = Buffer.compare(encodeKey(a, directions).bytes, encodeKey(b, directions).bytes);
      if (Math.sign(bytes) !== Math.sign(order)) throw new Error(`case ${n} sorts wrongly: ${bytes} for ${order}`);
    }
  });

  test('equal values, and no others, share a group key and a hash', () => {
    const sample = values.slice(0, 250);
    for (const a of sample)
      for (const b of sample) {
        const same = equal(a, b);
        if ((groupKey(a) === groupKey(b)) !== same || keyHash([a]).equals(keyHash([b])) !== same)
          throw new Error(`${encode(doc({ a, b })).toString('hex')}: equal is ${same}, the keys say otherwise`);
      }
  });

  test('a long key is cut and says so; its hash still tells values apart', () => {
    const long = encodeKey(['x'.repeat(5000)], [1]);
    expect(long.truncated).toBe(true);
    expect(long.bytes.length).toBeLessThanOrEqual(1978);
    expect(encodeKey(['x'.repeat(1000)], [1]).truncated).toBe(false);
    expect(keyHash([`${'x'.repeat(5000)}a`]).equals(keyHash([`${'x'.repeat(5000)}b`]))).toBe(false);
  });

  test('missing is a null, an empty array is not', () => {
    expect(encodeKey([undefined], [1])).toEqual(encodeKey([null], [1]));
    expect(indexKeyValues(doc({ a: [] }), ['a'])).toEqual([[Undefined.instance]]);
    expect(indexKeyValues(doc({}), ['a', 'b.c'])).toEqual([[undefined, undefined]]);
  });

  test('arrays make an entry an element; two arrays are refused with 171', () => {
    const a = doc({ a: [doc({ b: int(1), c: 'x' }), doc({ b: int(2) })], z: true });
    expect(indexKeyValues(a, ['a.b', 'a.c', 'z'])).toEqual([
      [int(1), 'x', true],
      [int(2), undefined, true],
    ]);
    expect(() => indexKeyValues(a, ['a.1.b'])).toThrow(/positions in arrays/);
    expect(indexKeyValues(doc({ a: doc({ 1: 'x' }) }), ['a.1'])).toEqual([['x']]);
    expect(() => indexKeyValues(doc({ a: [1], b: [2] }), ['a', 'b'])).toThrow(
      expect.objectContaining({ code: 171 }) as Error,
    );
  });
});

describe('BSON', () => {
  test('every value comes back as it was, and the same bytes with it', () => {
    for (const v of [...CORNERS, ...randomValues(2000)]) {
      const document = doc({ v, w: [v], last: int(7) });
      const bytes = encode(document);
      const back = decode(bytes);
      expect(identical(back, document)).toBe(true);
      expect(encode(back).equals(bytes)).toBe(true);
      expect(identical(decodeFields(bytes, new Set(['last'])), doc({ last: int(7) }))).toBe(true);
    }
  });

  test('the bson package writes and reads the same bytes', () => {
    const theirs = {
      d: new Double(1),
      i: 1,
      l: Long.fromString('9007199254740993'),
      s: 'é\u{1f600}',
      o: { a: [1, [null, true]] },
      date: new Date(5),
      id: new ObjectId('0123456789abcdef01234567'),
      bin: new Binary(new Uint8Array([1, 2]), 4),
      dec: decimal('1.50'),
      re: new BSONRegExp('a', 'i'),
      ts: new Timestamp({ t: 5, i: 6 }),
      min: new MinKey(),
    };
    const bytes = Buffer.from(serialize(theirs));
    const ours = decode(bytes);
    expect(encode(ours).equals(bytes)).toBe(true);
    expect(ours.get('d')).toBe(1);
    expect(ours.get('i')).toEqual(int(1));
    expect(ours.get('l')).toBe(9007199254740993n);
    expect(deserialize(encode(ours)).s).toBe(theirs.s);
  });

  test('field order is kept, also of names that look like numbers', () => {
    const bytes = encode(
      new Map<string, Value>([
        ['b', 1],
        ['2', 1],
        ['1', 1],
        ['__proto__', 1],
      ]),
    );
    expect([...decode(bytes).keys()]).toEqual(['b', '2', '1', '__proto__']);
  });

  test('malformed bytes give InvalidBSON and nothing else', () => {
    const random = new Random(seed);
    const whole = encode(doc({ all: CORNERS, deep: doc({ a: doc({ b: ['x'] }) }) }));
    for (let n = 0; n < 20_000; n++) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i <= random.below(3); i++) bytes[random.below(bytes.length)] = random.below(256);
      const cut = random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
      try {
        decode(cut);
      } catch (error) {
        expect(error).toBeInstanceOf(MongoError);
        expect((error as MongoError).code).toBe(22);
      }
    }
  });

  test('what would not survive is refused by name', () => {
    const twice = Buffer.from('1200000008610000086100010862000100', 'hex');
    twice.writeInt32LE(twice.length, 0);
    const deep = Array.from({ length: 250 }).reduce<Value>((inner) => [inner], []);
    expect(() => decode(twice)).toThrow(/InvalidBSON|occurs twice|Invalid BSON/);
    expect(() => decode(Buffer.from(serialize({ s: new BSONSymbol('a') })))).toThrow(/deprecated type 14/);
    expect(() => encode(doc({ deep }))).toThrow(/deeper than 200/);
    expect(() => encode(doc({ d: new Date(NaN) }))).toThrow(/invalid/);
    expect(() => encode(doc({ 'a\0b': 1 }))).toThrow(/NUL/);
  });
});
