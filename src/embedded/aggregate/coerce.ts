import { asNumber, isNumeric, Undefined, type Value } from '../values/value';

/** An expression's value as a condition: false, null, missing and zero are false, all else is true. */
export function toBoolean(v: Value | undefined): boolean {
  if (v == null || v === false || v instanceof Undefined) return false;
  return !isNumeric(v) || asNumber(v) !== 0;
}
