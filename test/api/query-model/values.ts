import { Decimal128, Double, Int32, Long } from 'mongodb';

/**
 * How the contract reads a stored value, told again without the server's code: the model answers by this. Nothing here
 * knows of MongoDB's operators.
 */

export type Stored = Record<string, unknown>;

/** A key inside a stored open object stands there with `.`, `$` and `%` percent-encoded. */
export function storedKey(key: string): string {
  return key.replaceAll('%', '%25').replaceAll('.', '%2E').replaceAll('$', '%24');
}

export function isObject(value: unknown): value is Stored {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A number of any BSON type, NaN included; undefined for everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Double || value instanceof Int32) return value.value;
  if (value instanceof Long || value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

/** What stands at keys inside objects; undefined where one of them is missing, or where a list is on the way. */
export function inside(root: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), root);
}

/** A field that should hold one value: a list there stands for each of its items. */
export function candidates(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** Whether a stored value is this JSON value, as a whole. */
export function isSame(stored: unknown, json: unknown): boolean {
  const number = numberOf(stored);
  if (number !== undefined) return number === json;
  if (Array.isArray(stored)) {
    return Array.isArray(json) && stored.length === json.length && stored.every((item, i) => isSame(item, json[i]));
  }
  if (!isObject(stored)) return stored === json;
  if (!isObject(json)) return false;
  const keys = Object.keys(json);
  return (
    keys.length === Object.keys(stored).length &&
    keys.every((key) => Object.hasOwn(stored, storedKey(key)) && isSame(stored[storedKey(key)], json[key]))
  );
}

/** Texts by their code points, which is also the order of their UTF-8 bytes. */
export function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
