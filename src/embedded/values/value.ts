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

export type Numeric = number | bigint | Int32 | Decimal128;

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
export function isNumeric(v: Value | undefined): v is Numeric {
  return typeof v === 'number' || typeof v === 'bigint' || v instanceof Int32 || v instanceof Decimal128;
}

/** True for an embedded document. */
export function isDoc(v: unknown): v is Doc {
  return v instanceof Map;
}

/**
 * The BSON types by the names of `$type`: their numbers, their places in comparison order (all numbers share one) and
 * the classes of their values. A missing field shares the place of undefined.
 */
export const TYPES = {
  minKey: { code: -1, rank: 1, of: MinKey },
  undefined: { code: 6, rank: 2, of: Undefined },
  null: { code: 10, rank: 5, of: undefined },
  double: { code: 1, rank: 10, of: Number },
  int: { code: 16, rank: 10, of: Int32 },
  long: { code: 18, rank: 10, of: BigInt },
  decimal: { code: 19, rank: 10, of: Decimal128 },
  string: { code: 2, rank: 15, of: String },
  object: { code: 3, rank: 20, of: Map },
  array: { code: 4, rank: 25, of: Array },
  binData: { code: 5, rank: 30, of: Binary },
  objectId: { code: 7, rank: 35, of: ObjectId },
  bool: { code: 8, rank: 40, of: Boolean },
  date: { code: 9, rank: 45, of: Date },
  timestamp: { code: 17, rank: 47, of: Timestamp },
  regex: { code: 11, rank: 50, of: BSONRegExp },
  dbPointer: { code: 12, rank: 55, of: undefined },
  javascript: { code: 13, rank: 60, of: Code },
  symbol: { code: 14, rank: 15, of: undefined },
  javascriptWithScope: { code: 15, rank: 65, of: undefined },
  maxKey: { code: 127, rank: 127, of: MaxKey },
} as const;

export type TypeName = keyof typeof TYPES;

const NAMES = new Map(Object.entries(TYPES).map(([name, { of }]) => [of as unknown, name as TypeName]));

/** The name of a value's BSON type as `$type` spells it. */
export function typeName(v: Value): TypeName {
  return v === null ? 'null' : NAMES.get(v.constructor)!;
}

/** The place of a value's type in comparison order. */
export function typeRank(v: Value | undefined): number {
  return TYPES[v === undefined ? 'undefined' : typeName(v)].rank;
}

/** How many values a count is, as the smallest integer type that holds it. */
export function countValue(n: number): Value {
  return n <= 2147483647 ? int(n) : BigInt(n);
}
