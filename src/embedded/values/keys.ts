import { createHash } from 'node:crypto';
import { compareExact, exact, type Exact } from './decimal';
import { asNumber, Binary, BSONRegExp, Code, Int32, isNumeric, ObjectId, Timestamp, typeRank, TYPES } from './value';
import { Undefined, type Doc, type Numeric, type Value } from './value';

/** What encodeKey() gives at most: LMDB takes keys of 1,978 bytes, which hold an index number and a hash or record too. */
const MAX_KEY_BYTES = 1900;

/*
 * The writer's state is module-wide: encoding is synchronous and each exported function starts it anew. A value is
 * written as the rank of its type and a payload that ends itself (fixed length, a length in front, or a terminator that
 * is below every continuation), so that no encoding is a prefix of another's and bytes compare as values do.
 */
let out = Buffer.allocUnsafe(1 << 12);
let used = 0;

function reserve(bytes: number): void {
  if (used + bytes <= out.length) return;
  const larger = Buffer.allocUnsafe(Math.max(out.length * 2, used + bytes));
  out.copy(larger, 0, 0, used);
  out = larger;
}

function byte(n: number): void {
  reserve(1);
  out[used++] = n;
}

/** UTF-8 with NUL written as 00 FF and the end as 00 00. */
function text(value: string): void {
  if (value.includes('\0')) {
    bytes(Buffer.from(value, 'utf8'));
    return;
  }
  reserve(value.length * 3 + 2);
  used += out.write(value, used, 'utf8');
  out[used++] = 0;
  out[used++] = 0;
}

function bytes(value: Uint8Array): void {
  reserve(value.length * 2 + 2);
  for (const b of value) {
    out[used++] = b;
    if (b === 0) out[used++] = 0xff;
  }
  out[used++] = 0;
  out[used++] = 0;
}

function raw(value: Uint8Array): void {
  reserve(value.length);
  out.set(value, used);
  used += value.length;
}

/** A double whose bytes sort by value: the sign bit flipped, or all bits of a negative number. */
function double(value: number): void {
  reserve(8);
  const start = used;
  used = out.writeDoubleBE(value, used);
  if (out[start]! & 0x80) for (let i = start; i < used; i++) out[i] = ~out[i]! & 0xff;
  else out[start] = out[start]! | 0x80;
}

/** The digits of a number that no double holds: exponent of the first digit, then 34 digits; inverted if negative. */
function digits(value: Exact): void {
  const negative = value.digits < 0n;
  const text = (negative ? -value.digits : value.digits).toString();
  reserve(17);
  const start = used;
  used = out.writeUInt16BE(text.length + value.exponent + 0x8000, used);
  const padded = BigInt(text.padEnd(34, '0')).toString(16).padStart(30, '0');
  used += out.write(padded, used, 'hex');
  if (negative) for (let i = start; i < used; i++) out[i] = ~out[i]! & 0xff;
}

/**
 * The nearest double, then whether the exact value is below it, equal or above; only numbers that are no double
 * (large int64s, most decimals) need their digits too. Rounding is monotone, so this keeps the order.
 */
function number(value: Numeric): void {
  const nearest = asNumber(value)!;
  if (nearest !== nearest) {
    // Below -Infinity, whose first bytes are 00 0F.
    byte(0);
    byte(0);
    return;
  }
  double(nearest === 0 ? 0 : nearest); // -0 equals 0
  const precise = typeof value === 'number' || value instanceof Int32 ? undefined : exact(value);
  const rounded = exact(nearest);
  // A decimal may be finite beyond the largest double.
  const order = precise === undefined ? 0 : rounded ? compareExact(precise, rounded) : -Math.sign(nearest);
  byte(1 + order);
  if (order !== 0) digits(precise!);
}

function document(value: Doc): void {
  for (const [name, field] of value) {
    byte(typeRank(field));
    text(name);
    payload(field);
  }
  byte(0);
}

function payload(value: Value): void {
  if (isNumeric(value)) number(value);
  else if (typeof value === 'string') text(value);
  else if (value instanceof Map) document(value);
  else if (Array.isArray(value)) {
    for (const element of value) any(element);
    byte(0);
  } else if (typeof value === 'boolean') byte(value ? 1 : 0);
  else if (value instanceof ObjectId) raw(value.id);
  else if (value instanceof Date) {
    reserve(8);
    used = out.writeBigUInt64BE(BigInt(value.getTime()) + 2n ** 63n, used);
  } else if (value instanceof Timestamp) {
    reserve(8);
    used = out.writeUInt32BE(value.t, used);
    used = out.writeUInt32BE(value.i, used);
  } else if (value instanceof Binary) {
    const content = value.buffer.subarray(0, value.position);
    reserve(5);
    used = out.writeUInt32BE(content.length, used);
    byte(value.sub_type);
    raw(content);
  } else if (value instanceof BSONRegExp) {
    text(value.pattern);
    text(value.options);
  } else if (value instanceof Code) text(value.code);
  // MinKey, MaxKey, null and undefined have no payload.
}

function any(value: Value): void {
  byte(typeRank(value));
  payload(value);
}

/** Writes the fields of a key; stops after the one that passes `limit`. */
function fields(values: (Value | undefined)[], directions: (1 | -1)[], limit: number): void {
  used = 0;
  for (let i = 0; i < values.length && used <= limit; i++) {
    const start = used;
    const value = values[i];
    if (value === undefined) byte(TYPES.null.rank);
    else any(value);
    if (directions[i] === -1) for (let b = start; b < used; b++) out[b] = ~out[b]! & 0xff;
  }
}

/**
 * Encodes the values of an index entry so that bytewise order is compare() order field by field, inverted for
 * direction -1. A missing value is encoded as null, as MongoDB's indexes do; BSON's undefined (an empty array) has its
 * own place below. Equal values of different numeric types give the same bytes, so a key does not give the values back.
 *
 * A key over `limit` bytes (1,900) is cut there and `truncated` is true: distinct values may then share a key, and keys that
 * are equal up to the cut have no order.
 */
export function encodeKey(
  values: (Value | undefined)[],
  directions: (1 | -1)[],
  limit = MAX_KEY_BYTES,
): { bytes: Buffer; truncated: boolean } {
  fields(values, directions, limit);
  return { bytes: Buffer.from(out.subarray(0, Math.min(used, limit))), truncated: used > limit };
}

/**
 * A SHA-256 over the whole key, 32 bytes, whatever its length: two lists of values that are equal by compare() have the
 * same digest. For unique indexes on values too long for a key.
 */
export function keyHash(values: (Value | undefined)[]): Buffer {
  fields(values, [], Infinity);
  return createHash('sha256').update(out.subarray(0, used)).digest();
}

/** One value's bytes, in whole: they compare as the values do. Missing counts as BSON's undefined. */
export function keyBytes(value: Value | undefined): Buffer {
  fields([value === undefined ? Undefined.instance : value], [], Infinity);
  return Buffer.from(out.subarray(0, used));
}

/** A string that is the same for values that are equal by compare(), for use as the key of a Map. */
export function groupKey(value: Value | undefined): string {
  return typeof value === 'string' ? `s${value}` : keyBytes(value).toString('latin1');
}
