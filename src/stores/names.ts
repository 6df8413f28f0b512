/**
 * Names of metrics and of keys inside open objects, as they are stored.
 *
 * MongoDB reads `.` and a leading `$` in a field's name as syntax, and the BSON serializer gives `_bsontype` and
 * JavaScript gives `__proto__` a meaning. Those characters are percent-encoded in the stored name (with `%` itself, so
 * that decoding is exact); every other character is stored as it is.
 */

const SPECIAL = /[.$%]/g;
const ENCODED = /%(2E|24|25|5F)/g;

const HEX: Record<string, string> = { '.': '%2E', $: '%24', '%': '%25' };
const CHARACTER: Record<string, string> = { '2E': '.', '24': '$', '25': '%', '5F': '_' };

/** The stored name of a metric or key. */
export function encodeName(name: string): string {
  if (name === '_bsontype' || name === '__proto__') return `%5F${name.slice(1)}`;
  return name.replace(SPECIAL, (character) => HEX[character]!);
}

/** The name that a stored one stands for. A stored name that was never encoded (`50%`) is returned as it is. */
export function decodeName(stored: string): string {
  return stored.includes('%') ? stored.replace(ENCODED, (_, code: string) => CHARACTER[code]!) : stored;
}

/** Why a name can't be stored; undefined where it can. */
export function faultOfName(name: string): string | undefined {
  if (name === '') return 'a name must not be empty';
  if (name.includes('\0')) return 'a name must not hold a NUL character';
  if (!name.isWellFormed()) return 'a name must be well-formed Unicode (it holds half a surrogate pair)';
  return undefined;
}
