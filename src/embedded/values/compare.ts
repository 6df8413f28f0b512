import { compareUnpacked, exactDouble, fromInteger, toDouble, unpack, type Unpacked } from './decimal';
import { Binary, BSONRegExp, Code, Decimal128, Int32, MaxKey, MinKey, ObjectId, Timestamp } from './value';
import type { Doc, Value } from './value';

/** The places of the types in BSON comparison order; all numbers share one. */
export const RANK = {
  minKey: 1,
  missing: 2,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  code: 60,
  maxKey: 127,
} as const;

/** The place of a value's type in comparison order; missing and BSON's undefined share the place below null. */
export function typeRank(v: Value | undefined): number {
  switch (typeof v) {
    case 'number':
    case 'bigint':
      return RANK.number;
    case 'string':
      return RANK.string;
    case 'boolean':
      return RANK.bool;
    case 'undefined':
      return RANK.missing;
    default:
  }
  if (v === null) return RANK.null;
  if (v instanceof Int32 || v instanceof Decimal128) return RANK.number;
  if (v instanceof Map) return RANK.object;
  if (Array.isArray(v)) return RANK.array;
  if (v instanceof ObjectId) return RANK.objectId;
  if (v instanceof Date) return RANK.date;
  if (v instanceof Binary) return RANK.binData;
  if (v instanceof Timestamp) return RANK.timestamp;
  if (v instanceof BSONRegExp) return RANK.regex;
  if (v instanceof MinKey) return RANK.minKey;
  if (v instanceof MaxKey) return RANK.maxKey;
  if (v instanceof Code) return RANK.code;
  return RANK.missing;
}

/** Strings compare by their UTF-8 bytes, which differs from UTF-16 order above U+D7FF. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    if (xHigh !== yHigh) return xHigh ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

type Numeric = number | bigint | Int32 | Decimal128;

/** Any number as an exact decimal. */
export function exact(v: Numeric): Unpacked {
  if (typeof v === 'number') return exactDouble(v);
  if (typeof v === 'bigint') return fromInteger(v);
  return v instanceof Int32 ? fromInteger(v.value) : unpack(v);
}

/** Compares numbers of any two types exactly; NaN equals NaN and is below every other number. */
function compareNumbers(first: Numeric, second: Numeric): number {
  const a = first instanceof Int32 ? first.value : first;
  const b = second instanceof Int32 ? second.value : second;
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    const x = exact(a);
    const y = exact(b);
    // Rounding never changes the order of two numbers that round to different doubles.
    const byDouble = compareNumbers(toDouble(x), toDouble(y));
    return byDouble === 0 ? compareUnpacked(x, y) : byDouble;
  }
  if (a < b) return -1;
  if (a > b) return 1;
  const aIsNaN = a !== a;
  const bIsNaN = b !== b;
  return aIsNaN === bIsNaN ? 0 : aIsNaN ? -1 : 1;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Documents compare field by field: type first, then name, then value; a document that ends first is less. */
function compareDocs(a: Doc, b: Doc): number {
  const others = b.entries();
  for (const [name, value] of a) {
    const next = others.next();
    if (next.done) return 1;
    const [otherName, other] = next.value;
    const rank = typeRank(value);
    const otherRank = typeRank(other);
    if (rank !== otherRank) return rank - otherRank;
    const order = compareStrings(name, otherName) || compareSameRank(value, other, rank);
    if (order !== 0) return order;
  }
  return a.size < b.size ? -1 : 0;
}

function compareArrays(a: Value[], b: Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareSameRank(a: Value, b: Value, rank: number): number {
  switch (rank) {
    case RANK.number:
      return compareNumbers(a as Numeric, b as Numeric);
    case RANK.string:
      return compareStrings(a as string, b as string);
    case RANK.object:
      return compareDocs(a as Doc, b as Doc);
    case RANK.array:
      return compareArrays(a as Value[], b as Value[]);
    case RANK.objectId: {
      const x = a as ObjectId;
      const y = b as ObjectId;
      return x.equals(y) ? 0 : compareBytes(x.id, y.id);
    }
    case RANK.bool:
      return Number(a) - Number(b);
    case RANK.date:
      return (a as Date).getTime() - (b as Date).getTime();
    case RANK.binData: {
      const x = a as Binary;
      const y = b as Binary;
      return (
        x.position - y.position ||
        x.sub_type - y.sub_type ||
        compareBytes(x.buffer.subarray(0, x.position), y.buffer.subarray(0, y.position))
      );
    }
    case RANK.timestamp: {
      const x = a as Timestamp;
      const y = b as Timestamp;
      return x.t - y.t || x.i - y.i;
    }
    case RANK.regex: {
      const x = a as BSONRegExp;
      const y = b as BSONRegExp;
      return compareStrings(x.pattern, y.pattern) || compareStrings(x.options, y.options);
    }
    case RANK.code:
      return compareStrings((a as Code).code, (b as Code).code);
    default:
      return 0; // MinKey, MaxKey, null, undefined and missing have one value each
  }
}

/**
 * BSON comparison order over all types: negative, zero or positive. Missing (undefined) sorts with BSON's undefined,
 * below null. Numbers of different types compare by exact value.
 */
export function compare(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : compareNumbers(a, b);
  const rank = typeRank(a);
  const other = typeRank(b);
  return rank === other ? compareSameRank(a as Value, b as Value, rank) : rank - other;
}

/** Equality by comparison order, so 1, 1.0 and NumberLong(1) are equal, and NaN equals NaN. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || compare(a, b) === 0;
}

/** True when two values are the same in BSON: same type, same bytes, same field order (1 and 1.0 are not). */
export function identical(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return a !== 0 || Object.is(a, b);
  if (a == null || b == null || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, i) => identical(element, b[i]));
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    const others = b.entries();
    for (const [name, value] of a) {
      const [otherName, other] = others.next().value!;
      if (name !== otherName || !identical(value, other)) return false;
    }
    return true;
  }
  if (a.constructor !== b.constructor) return false;
  if (a instanceof Decimal128) return compareBytes(a.bytes, (b as Decimal128).bytes) === 0;
  return compare(a, b) === 0;
}
