import { readConfig } from '../../../src/import/sqlite/config-text';
import { RowReader } from '../../../src/import/sqlite/row-reader';
import { TimeZone } from '../../../src/import/sqlite/time-zone';

const utc = new TimeZone('UTC');
const reader = (cell: ConstructorParameters<typeof RowReader>[0][string], zone = utc) =>
  new RowReader({ c: cell }, zone);
const blob = (write: (bytes: Buffer) => void, length: number) => {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return new Uint8Array(bytes);
};

describe('times', () => {
  it.each([
    ['2025-10-20 16:41:00', '2025-10-20T14:41:00.000Z'],
    ['2025-10-20T16:41:00.123456', '2025-10-20T14:41:00.123Z'],
    ['2025-01-20 16:41', '2025-01-20T15:41:00.000Z'],
    ['2025-01-20', '2025-01-19T23:00:00.000Z'],
    ['2025-10-20T16:41:00Z', '2025-10-20T16:41:00.000Z'],
    ['2025-10-20 16:41:00+05:30', '2025-10-20T11:11:00.000Z'],
    ['2025-10-20 16:41:00.5-0800', '2025-10-21T00:41:00.500Z'],
    // Shown twice: the first time. Left out: as if it had not been.
    ['2025-10-26 02:30:00', '2025-10-26T00:30:00.000Z'],
    ['2025-03-30 02:30:00', '2025-03-30T01:30:00.000Z'],
  ])('reads %s in Paris as %s', (text, expected) => {
    const row = reader(text, new TimeZone('Europe/Paris'));
    expect(row.time('c')?.toISOString()).toBe(expected);
    expect(row.repairs).toEqual([]);
  });

  it('takes an offset for a zone, and refuses what is none', () => {
    expect(reader('2025-10-20 16:00', new TimeZone('+02:00')).time('c')?.toISOString()).toBe(
      '2025-10-20T14:00:00.000Z',
    );
    expect(reader('2025-10-20 16:00', new TimeZone('-03:30')).time('c')?.toISOString()).toBe(
      '2025-10-20T19:30:00.000Z',
    );
    expect(() => new TimeZone('Mars/Olympus')).toThrow('"Mars/Olympus" is not a time zone.');
  });

  it.each([
    [1760978460, '2025-10-20T16:41:00.000Z'],
    [1760978460.25, '2025-10-20T16:41:00.250Z'],
    [1760978460250, '2025-10-20T16:41:00.250Z'],
  ])('reads the number %s, and says so', (number, expected) => {
    const row = reader(number);
    expect(row.time('c')?.toISOString()).toBe(expected);
    expect(row.repairs).toHaveLength(1);
  });

  it.each(['yesterday', '2025-02-30', '2025-13-01', '2025-10-20 25:00:00', 12, 1e20])('leaves out %s', (cell) => {
    const row = reader(cell);
    expect(row.time('c')).toBeUndefined();
    expect(row.repairs).toEqual([{ kind: "c: a value that can't be read was left out", detail: expect.any(String) }]);
  });

  it('notes times that are finer than a millisecond', () => {
    const finer = (text: string) => {
      const row = reader(text);
      row.time('c');
      return row.hasFinerTime;
    };
    expect(['2025-10-20 16:41:00.123456', '2025-10-20 16:41:00.123000'].map(finer)).toEqual([true, false]);
  });
});

describe('numbers', () => {
  it.each([
    ['0.5', 0.5],
    [' 1e-3 ', 0.001],
    ['nan', NaN],
    ['-inf', -Infinity],
    [blob((bytes) => bytes.writeFloatLE(0.25), 4), 0.25],
    [blob((bytes) => bytes.writeDoubleLE(0.1), 8), 0.1],
    [blob((bytes) => bytes.writeBigInt64LE(7n), 8), 7],
    [blob((bytes) => bytes.writeBigInt64LE(-7n), 8), -7],
  ])('reads %p, and says so', (cell, expected) => {
    const row = reader(cell);
    expect(row.number('c')).toBe(expected);
    expect(row.repairs).toHaveLength(1);
  });

  it('takes numbers as they are, and nothing for nothing', () => {
    const row = new RowReader({ a: 0.5, b: -0, c: Infinity, d: null }, utc);
    expect(['a', 'b', 'c', 'd', 'e'].map((column) => row.number(column))).toEqual([
      0.5,
      -0,
      Infinity,
      undefined,
      undefined,
    ]);
    expect(row.repairs).toEqual([]);
  });

  it.each(['0x10', 'high', blob(() => undefined, 3)])('leaves out %p', (cell) => {
    const row = reader(cell);
    expect(row.number('c')).toBeUndefined();
    expect(row.repairs).toHaveLength(1);
  });

  it('rounds an integer past 2^53 only with a word', () => {
    const row = reader(9007199254740993n);
    expect(row.number('c')).toBe(9007199254740992);
    expect(row.repairs[0]!.detail).toBe('c: 9007199254740993 became 9007199254740992');
  });
});

it.each([
  [1, true, 0],
  [0, false, 0],
  [null, undefined, 0],
  ['True', true, 1],
  ['0', false, 1],
  [blob((bytes) => bytes.writeUInt8(1), 1), true, 1],
  [blob((bytes) => bytes.writeUInt8(0), 1), false, 1],
  [blob((bytes) => bytes.writeBigInt64LE(1n), 8), true, 1],
  ['maybe', undefined, 1],
])('reads %p as a boolean: %p', (cell, expected, repairs) => {
  const row = reader(cell);
  expect(row.boolean('c')).toBe(expected);
  expect(row.repairs).toHaveLength(repairs);
});

describe('config', () => {
  it('is taken as it is where every key has its type', () => {
    const text = '{"batch_size": 16, "learning_rate": 1e-3, "amp": false, "augment": {"p": [1, null]}, "loss": null}';
    expect(readConfig(text)).toEqual({ config: JSON.parse(text), repairs: [] });
  });

  it("reads Python's NaN and infinities, and integers that no double holds, as text", () => {
    const { config, repairs } = readConfig(
      '{"clip": NaN, "max": -Infinity, "seed": 12345678901234567890, "t": "NaN 1e999"}',
    );
    expect(config).toEqual({ clip: 'NaN', max: '-Infinity', seed: '12345678901234567890', t: 'NaN 1e999' });
    expect(repairs).toHaveLength(1);
  });

  it.each(["{'batch_size': 16}", 'batch_size=16', '[1, 2]', '"text"', '{"a": 1'])('keeps %s whole', (text) => {
    expect(readConfig(text)).toEqual({
      config: { unparsed: text },
      repairs: [expect.stringContaining('config.unparsed')],
    });
  });

  it('converts a known key where that loses nothing, and keeps it apart where it would', () => {
    const { config, repairs } = readConfig(
      '{"batch_size": "32", "amp": 1, "device": 0, "patience": "long", "crop_size": [2]}',
    );
    expect(config).toEqual({ batch_size: 32, amp: true, device: '0', unparsed: { patience: 'long', crop_size: [2] } });
    expect(repairs).toHaveLength(5);
  });
});
