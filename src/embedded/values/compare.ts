import { encode } from './encoder';
import { keyBytes } from './keys';
import { doc, Int32, typeRank, type Value } from './value';

/** Strings in the order of their UTF-8 bytes, which differs from UTF-16 order above U+D7FF. */
export function compareStrings(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * BSON comparison order over all types: negative, zero or positive. Missing (undefined) sorts with BSON's undefined,
 * below null. Numbers of different types compare by exact value; NaN equals itself and is below every other number.
 */
export function compare(a: Value | undefined, b: Value | undefined): number {
  if (a === b) return 0;
  // The common kinds for themselves; all others by their keys, which hold the order.
  if (typeof a === 'number' && typeof b === 'number' && a !== b && (a < b || a > b)) return a < b ? -1 : 1;
  if (a instanceof Int32 && b instanceof Int32) return a.value - b.value;
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  return typeRank(a) - typeRank(b) || keyBytes(a).compare(keyBytes(b));
}

/** Equality by comparison order, so 1, 1.0 and NumberLong(1) are equal, and NaN equals NaN. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  return compare(a, b) === 0;
}

/** True when two values are the same in BSON: same type, same bytes, same field order (1 and 1.0 are not). */
export function identical(a: Value | undefined, b: Value | undefined): boolean {
  return encode(doc({ a })).equals(encode(doc({ a: b })));
}
