import type { Binary, BSONRegExp, ObjectId, Timestamp } from 'bson';

/*
 * A naive model of MongoDB for tests, written from its manual alone: it shares no code with the embedded database.
 * Values are as the driver gives them with promoteValues: false and bsonRegExp: true.
 */
export type Bson = unknown;
export type Obj = Record<string, Bson>;

/** Stands for BSON's undefined, as which an empty array is sorted. */
export const UNDEFINED = Object.freeze({ _bsontype: 'Undefined' });

const pairs = (text: string): Map<string, string> =>
  new Map(text.split(', ').map((pair) => pair.split(' ') as [string, string]));
/** Names of $type, and the numbers that it takes as well. */
const TYPES = pairs(
  'double 1, string 2, object 3, array 4, binData 5, undefined 6, objectId 7, bool 8, date 9, null 10, regex 11, ' +
    'int 16, timestamp 17, long 18, decimal 19, minKey -1, maxKey 127',
);
/** The driver's classes and their types. */
const CLASSES = pairs(
  'Double double, Int32 int, Long long, Decimal128 decimal, Binary binData, ObjectId objectId, Timestamp timestamp, ' +
    'BSONRegExp regex, MinKey minKey, MaxKey maxKey, Undefined undefined',
);
/** Types in the order in which they sort; numbers are one type there. */
const ORDER = 'minKey undefined null number string object array binData objectId bool date timestamp regex maxKey';
const RANKS = new Map(ORDER.split(' ').map((name, rank) => [name, rank]));

/** The type of a value by its name for $type. A field that isn't there (undefined) is 'missing'. */
export function typeName(value: Bson): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  const made = (value as { _bsontype?: string })._bsontype;
  const name = made === undefined ? typeof value : CLASSES.get(made);
  if (name === undefined || !TYPES.has(name)) throw new Error(`The model knows no ${made ?? typeof value}.`);
  return name;
}

const NUMBERS = new Set(['double', 'int', 'long', 'decimal']);
export const isNumber = (value: Bson): boolean => NUMBERS.has(typeName(value));
export const isObject = (value: Bson): value is Obj => typeName(value) === 'object';
export const isNaNumber = (value: Bson): boolean => isNumber(value) && String(value) === 'NaN';

/** Whether a value is of a type that is given by its name or number, as $type has it. */
export function hasType(value: Bson, type: Bson): boolean {
  if (type === 'number') return isNumber(value);
  const name = typeName(value);
  return name === String(type) || TYPES.get(name) === String(type);
}

/** The bracket of types in which a value is compared: a missing field counts as null. */
export function bracket(value: Bson): string {
  const name = typeName(value);
  if (NUMBERS.has(name)) return 'number';
  return name === 'missing' ? 'null' : name;
}

/** A finite number as digits · 10^exponent. That is exact for doubles too: a finite binary fraction is a decimal one. */
export function exact(value: Bson): { digits: bigint; exponent: number } {
  if (typeName(value) === 'double') {
    let [whole, halvings] = [Number(value), 0];
    for (; !Number.isInteger(whole); whole *= 2) halvings++;
    return { digits: BigInt(whole) * 5n ** BigInt(halvings), exponent: -halvings };
  }
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:E([-+]?\d+))?$/.exec(String(value))!;
  return { digits: BigInt(sign! + whole! + fraction), exponent: Number(power) - fraction.length };
}

function compareNumbers(a: Bson, b: Bson): number {
  const rank = (value: Bson): number =>
    ['NaN', '-Infinity', '', 'Infinity'].indexOf(/NaN|-?Inf.*|$/.exec(String(value))![0]);
  if (rank(a) !== 2 || rank(b) !== 2) return rank(a) - rank(b);
  const [x, y] = [exact(a), exact(b)];
  const least = Math.min(x.exponent, y.exponent);
  const scaled = (n: typeof x): bigint => n.digits * 10n ** BigInt(n.exponent - least);
  return scaled(x) < scaled(y) ? -1 : scaled(x) > scaled(y) ? 1 : 0;
}

/** Compares lists item by item; the one that ends first is the lesser. */
function compareLists<T>(a: T[], b: T[], compareItems: (a: T, b: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareItems(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const compareTypes = (a: Bson, b: Bson): number => RANKS.get(bracket(a))! - RANKS.get(bracket(b))!;

/** Compares two values in BSON's order (manual: reference/bson-type-comparison-order): negative, zero or positive. */
export function compare(a: Bson, b: Bson): number {
  const byType = compareTypes(a, b);
  if (byType !== 0) return byType;
  switch (bracket(a)) {
    case 'number':
      return compareNumbers(a, b);
    case 'string':
      return compareText(a as string, b as string);
    case 'object':
      return compareLists(
        Object.entries(a as Obj),
        Object.entries(b as Obj),
        ([name, value], [other, against]) =>
          compareTypes(value, against) || compareText(name, other) || compare(value, against),
      );
    case 'array':
      return compareLists(a as Bson[], b as Bson[], compare);
    case 'binData': {
      const [x, y] = [a as Binary, b as Binary];
      return x.length() - y.length() || x.sub_type - y.sub_type || Buffer.compare(x.value(), y.value());
    }
    case 'objectId':
      return compareText((a as ObjectId).toHexString(), (b as ObjectId).toHexString());
    case 'timestamp':
      return (a as Timestamp).compare(b as Timestamp);
    case 'regex': {
      const [x, y] = [a as BSONRegExp, b as BSONRegExp];
      return compareText(x.pattern, y.pattern) || compareText(x.options, y.options);
    }
    default:
      return Number(a ?? 0) - Number(b ?? 0) || 0;
  }
}

/**
 * The whole part of a number as $mod takes it; undefined for what is no number. NaN and infinities count as 0, as 4.4 was
 * recorded; later versions let them match nothing.
 */
export function wholePart(value: Bson): bigint | undefined {
  if (!isNumber(value)) return undefined;
  if (/NaN|Inf/.test(String(value))) return 0n;
  const { digits, exponent } = exact(value);
  return exponent < 0 ? digits / 10n ** BigInt(-exponent) : digits * 10n ** BigInt(exponent);
}
