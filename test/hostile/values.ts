/** Values that no field should take, or that it must take with care, by the scalar of the field that they are sent to. */

/** A piece of JSON text that no JavaScript value is written as, such as `1e999`. */
export class Raw {
  constructor(readonly text: string) {}
}

/** A hostile value. `accepted` says why some field of the type may take it all the same; without it none may. */
export interface HostileValue {
  label: string;
  value: unknown;
  accepted?: string;
}

/** JSON text of values, `Raw` ones among them. A Map is an object whose keys may have any name, `__proto__` too. */
export function toJson(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (value instanceof Map) return object([...(value as Map<string, unknown>)]);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return object(Object.entries(value));
  return JSON.stringify(value);
}

function object(entries: [string, unknown][]): string {
  const fields = entries.filter(([, value]) => value !== undefined);
  return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${toJson(value)}`).join(',')}}`;
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const HALF = '\ud800';
const PAST_INT = 2 ** 31;
const PAST_DOUBLE = new Raw('1e999');
const PAST_SAFE = new Raw('9007199254740993');

/** What is no scalar at all. */
const STRUCTURES: HostileValue[] = [
  { label: 'an object', value: {} },
  { label: 'an operator', value: { $gt: '' } },
  { label: 'a BSON type', value: { _bsontype: 'ObjectId', id: 'x' } },
  { label: 'a prototype', value: new Map([['__proto__', { polluted: true }]]) },
  { label: 'a list of two', value: [1, 2] },
  { label: 'a list in a list', value: [[1]] },
];

/** What is far too long for a number or a word, and must not come back whole in a message. */
const LONG: HostileValue = { label: '200,000 characters', value: `"${'x'.repeat(200_000)}` };

const TEXT_ACCEPTED = 'text may hold any well-formed characters';

const STRINGS: HostileValue[] = [
  ...STRUCTURES,
  { label: 'a number', value: 5 },
  { label: 'true', value: true },
  { label: '1e999', value: PAST_DOUBLE },
  { label: 'half a character', value: `a${HALF}b` },
  { label: '1.1 million characters', value: 'x'.repeat(1_100_000) },
  { label: 'the empty text', value: '', accepted: 'a text may be empty where nothing is named by it' },
  { label: 'a NUL', value: 'a\0b', accepted: TEXT_ACCEPTED },
  { label: 'an operator for a text', value: '$where', accepted: TEXT_ACCEPTED },
  { label: '__proto__ for a text', value: '__proto__', accepted: TEXT_ACCEPTED },
  {
    label: 'characters past the first plane, from right to left',
    value: '\u202e🧠\u0301\ufeff',
    accepted: TEXT_ACCEPTED,
  },
];

const INTS: HostileValue[] = [
  ...STRUCTURES,
  LONG,
  { label: '10,000 keys', value: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1])) },
  { label: 'a text', value: '1' },
  { label: 'the empty text', value: '' },
  { label: 'true', value: true },
  { label: 'a fraction', value: 1.5 },
  { label: '2^53 and one', value: PAST_SAFE },
  { label: '1e999', value: PAST_DOUBLE },
  { label: 'the word NaN', value: new Raw('NaN') },
  { label: 'the word -Infinity', value: new Raw('-Infinity') },
  { label: '-1', value: -1, accepted: 'a number to compare with may be negative' },
  { label: '-2^31', value: -PAST_INT, accepted: 'a number to compare with may be negative' },
];

export const HOSTILE_VALUES: Readonly<Record<string, readonly HostileValue[]>> = {
  String: STRINGS,
  ID: [
    ...STRUCTURES,
    { label: 'the empty text', value: '' },
    { label: 'a short text', value: 'x' },
    { label: 'twelve bytes', value: 'abcdefghijkl' },
    { label: '24 characters that are no digits', value: 'g'.repeat(24) },
    { label: 'a number', value: 5 },
    { label: 'a fraction', value: 1.5 },
    { label: 'true', value: true },
    { label: 'a NUL', value: `${'0'.repeat(23)}\0` },
    { label: 'half a character', value: HALF },
    { label: '2 million digits', value: '0'.repeat(2_000_000) },
    {
      label: 'the id of nothing',
      value: '0'.repeat(24),
      accepted: 'reading or removing what is not there is no mistake, and a new record may have any id',
    },
  ],
  Int: [...INTS, { label: '2^31', value: PAST_INT }],
  SafeInt: [...INTS, { label: '-2^53', value: new Raw('-9007199254740992') }],
  Float: [
    ...STRUCTURES,
    LONG,
    { label: 'a text', value: '1.5' },
    { label: 'the empty text', value: '' },
    { label: 'true', value: true },
    { label: '1e999', value: PAST_DOUBLE },
    { label: 'the word NaN', value: new Raw('NaN') },
    { label: 'the word Infinity', value: new Raw('Infinity') },
    { label: '-1', value: -1, accepted: 'a number to compare with may be negative' },
    { label: 'the largest double', value: Number.MAX_VALUE, accepted: 'a double holds it' },
    { label: 'the smallest double', value: 5e-324, accepted: 'a double holds it' },
  ],
  Boolean: [
    ...STRUCTURES,
    LONG,
    { label: 'a text', value: 'true' },
    { label: '1', value: 1 },
    { label: '0', value: 0 },
  ],
  DateTime: [
    ...STRUCTURES,
    LONG,
    { label: 'a number', value: 0 },
    { label: 'the empty text', value: '' },
    { label: 'a day', value: '2025-01-01' },
    { label: 'no zone', value: '2025-01-01T00:00:00' },
    { label: 'the 30th of February', value: '2025-02-30T00:00:00Z' },
    { label: 'the hour 24', value: '2025-01-01T24:00:00Z' },
    { label: 'a second past 59', value: '2025-01-01T00:00:60Z' },
    { label: 'a zone past 23 hours', value: '2025-01-01T00:00:00+24:00' },
    { label: 'the year 300000', value: '+300000-01-01T00:00:00Z' },
    { label: 'the year -1', value: '-000001-01-01T00:00:00Z' },
    { label: 'the last year with a zone that leads past it', value: '9999-12-31T23:59:59-23:00' },
    { label: 'the year 0 with a zone that leads before it', value: '0000-01-01T00:00:00+23:00' },
    { label: 'a NUL', value: '2025-01-01T00:00:00Z\0' },
    { label: 'half a character', value: HALF },
    {
      label: '100,000 digits of a second',
      value: `2025-01-01T00:00:00.${'1'.repeat(100_000)}Z`,
      accepted: 'RFC 3339 sets no limit; milliseconds are kept',
    },
    { label: 'the year 0', value: '0000-01-01T00:00:00Z', accepted: 'RFC 3339 has it' },
    { label: 'the last moment of the year 9999', value: '9999-12-31T23:59:59.999Z', accepted: 'RFC 3339 has it' },
  ],
  JSON: [
    { label: '1e999', value: PAST_DOUBLE },
    { label: '2^53 and one', value: PAST_SAFE },
    { label: 'half a character', value: HALF },
    { label: '2 million items', value: new Raw(`[${'1,'.repeat(1_999_999)}1]`) },
    { label: '5,000 lists in lists', value: new Raw(`${'['.repeat(5_000)}1${']'.repeat(5_000)}`) },
    { label: 'an empty key', value: { '': 1 } },
    { label: 'a NUL in a key', value: { 'a\0': 1 } },
    { label: 'a prototype', value: new Map([['__proto__', 1]]) },
    { label: 'a BSON type', value: { _bsontype: 'Code', code: 'while (true);' } },
    { label: 'an operator', value: { $where: 'sleep(1000)' }, accepted: 'a key is a key, stored under another name' },
    { label: 'the word NaN', value: new Raw('NaN'), accepted: 'the bare words that Python writes are read as texts' },
  ],
  JSONObject: [
    { label: 'a list', value: [] },
    { label: 'a list of objects', value: [{ a: 1 }, { a: 2 }] },
    { label: 'a text', value: '{}' },
    { label: 'a number', value: 5 },
    { label: 'true', value: true },
    { label: 'an empty key', value: { '': 1 } },
    { label: 'a NUL in a key', value: { 'a\0': 1 } },
    { label: 'half a character in a key', value: { [HALF]: 1 } },
    { label: 'half a character', value: { a: [HALF] } },
    { label: '1e999', value: { a: PAST_DOUBLE } },
    { label: '2^53 and one', value: { a: { b: PAST_SAFE } } },
    { label: 'a prototype', value: new Map([['__proto__', { polluted: true }]]) },
    { label: 'a prototype inside', value: { a: [new Map([['__proto__', 1]])] } },
    { label: 'a BSON type', value: { a: { _bsontype: 'Long', low: 1 } } },
    { label: '60 objects in objects', value: { a: nested(60, (inner) => ({ a: inner })) } },
    { label: '5,000 objects in objects', value: new Raw(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`) },
    { label: '5,000 lists in lists', value: { a: new Raw(`${'['.repeat(5_000)}1${']'.repeat(5_000)}`) } },
    { label: 'an operator', value: { $where: '1', 'a.b': 1 }, accepted: 'a key is a key, stored under another name' },
    { label: 'constructor', value: { constructor: { prototype: 1 } }, accepted: 'a key is a key' },
    {
      label: 'the word NaN',
      value: { a: new Raw('NaN') },
      accepted: 'the bare words that Python writes are read as texts',
    },
  ],
  MetricMap: [
    { label: 'a list', value: [] },
    { label: 'a text', value: 'val_loss' },
    { label: 'a number', value: 5 },
    { label: 'a text for a value', value: { a: '1' } },
    { label: 'null for a value', value: { a: null } },
    { label: 'true for a value', value: { a: true } },
    { label: 'an object for a value', value: { a: { $gt: 1 } } },
    { label: 'a list for a value', value: { a: [1] } },
    { label: '1e999', value: { a: PAST_DOUBLE } },
    { label: 'an empty name', value: { '': 1 } },
    { label: 'a NUL in a name', value: { 'a\0': 1 } },
    { label: 'half a character in a name', value: { [HALF]: 1 } },
    { label: 'a BSON type for a value', value: { a: { _bsontype: 'Double', value: 1 } } },
    {
      label: '10,001 metrics',
      value: Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`m${index}`, index])),
    },
    {
      label: 'the words that JSON lacks',
      value: { a: new Raw('NaN'), b: new Raw('-Infinity') },
      accepted: 'NaN is data',
    },
    {
      label: 'odd names',
      value: new Map<string, unknown>([
        ['__proto__', 1],
        ['$where', 1],
        ['a.b', 1],
        ['_bsontype', 1],
      ]),
      accepted: 'a metric may have any name',
    },
  ],
};

/** Values for any enum. */
export const HOSTILE_ENUMS: readonly HostileValue[] = [
  ...STRUCTURES,
  LONG,
  { label: 'a number', value: 1 },
  { label: 'true', value: true },
  { label: 'the empty text', value: '' },
  { label: 'a stored word', value: 'running' },
  { label: 'constructor', value: 'constructor' },
  { label: '__proto__', value: '__proto__' },
];

/** Values for any input object. */
export const HOSTILE_OBJECTS: readonly HostileValue[] = [
  { label: 'a text', value: '{}' },
  { label: 'a number', value: 5 },
  { label: 'a list of lists', value: [[{}]] },
  { label: 'true', value: true },
];

/** Fields that no input object has. */
export const EXTRA_FIELDS: readonly [label: string, key: string][] = [
  ['a field that there is not', 'nothing'],
  ['a field $where', '$where'],
  ['a field __proto__', '__proto__'],
  ['a field constructor', 'constructor'],
];
