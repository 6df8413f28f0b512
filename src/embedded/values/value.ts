import { Binary, BSONRegExp, Code, Decimal128, Int32, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

export { Binary, BSONRegExp, Code, Decimal128, Int32, MaxKey, MinKey, ObjectId, Timestamp };

/** The deprecated BSON type 6; also what an index holds for an empty array. */
export class Undefined {
  static readonly instance = new Undefined();
  readonly kind = 'undefined';
  private constructor() {}
}

/** A document: field order is kept and any string may be a field name. */
export type Doc = Map<string, Value>;

/**
 * A BSON value. A JavaScript number is always a BSON double, a bigint a BSON int64 and Int32 a BSON int32.
 * A missing field is `undefined`, which is no Value.
 */
export type Value =
  | number
  | Int32
  | bigint
  | Decimal128
  | string
  | boolean
  | null
  | Undefined
  | Date
  | Timestamp
  | Doc
  | Value[]
  | ObjectId
  | Binary
  | BSONRegExp
  | Code
  | MinKey
  | MaxKey;

/** Builds a document; fields that are undefined are left out, and a JavaScript number becomes a double. */
export function doc(fields: Record<string, Value | undefined>): Doc {
  const result: Doc = new Map();
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value !== undefined) result.set(name, value);
  }
  return result;
}

/** A BSON int32. */
export function int(n: number): Int32 {
  return new Int32(n);
}

/** Any of the four numeric types as a JavaScript number (rounded where it must be), or undefined for all else. */
export function asNumber(v: Value | undefined): number | undefined {
  if (typeof v === 'number') return v;
  if (v instanceof Int32) return v.value;
  if (typeof v === 'bigint') return Number(v);
  if (v instanceof Decimal128) return Number(v.toString());
  return undefined;
}

/** True for the four numeric BSON types. */
export function isNumeric(v: Value | undefined): v is number | Int32 | bigint | Decimal128 {
  return typeof v === 'number' || typeof v === 'bigint' || v instanceof Int32 || v instanceof Decimal128;
}

/** True for an embedded document. */
export function isDoc(v: unknown): v is Doc {
  return v instanceof Map;
}

/** BSON type numbers, as `$type` takes them. */
export const BSON_TYPE = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
} as const;

export type TypeName = keyof typeof BSON_TYPE;

/** The name of a value's BSON type as `$type` spells it. */
export function typeName(v: Value): TypeName {
  switch (typeof v) {
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'long';
    default:
  }
  if (v === null) return 'null';
  if (v instanceof Int32) return 'int';
  if (v instanceof Map) return 'object';
  if (Array.isArray(v)) return 'array';
  if (v instanceof ObjectId) return 'objectId';
  if (v instanceof Date) return 'date';
  if (v instanceof Binary) return 'binData';
  if (v instanceof BSONRegExp) return 'regex';
  if (v instanceof Timestamp) return 'timestamp';
  if (v instanceof Decimal128) return 'decimal';
  if (v instanceof MinKey) return 'minKey';
  if (v instanceof MaxKey) return 'maxKey';
  if (v instanceof Undefined) return 'undefined';
  return 'javascript';
}

/** How many values a count is, as the smallest integer type that holds it. */
export function countValue(n: number): Value {
  return n <= 2147483647 ? int(n) : BigInt(n);
}
