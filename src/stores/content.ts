import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { EJSON } from 'bson';
import { Double, type Document } from 'mongodb';

/** A value as the driver reads it back: doubles are numbers, undefined fields are absent. */
export function asRead(value: unknown): unknown {
  if (value instanceof Double) return value.value;
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value !== 'object' || value === null || value instanceof Date || '_bsontype' in value) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, asRead(item)]])),
  );
}

/** Whether two documents say the same, whatever the order of their keys; NaN equals NaN. */
export function sameContent(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(asRead(a), asRead(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** SHA-256 of a document's content in canonical extended JSON with sorted keys, in hexadecimal. */
export function digestOf(document: object): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(EJSON.serialize(document, { relaxed: false }))))
    .digest('hex');
}

/** The value at a dotted path of a stored document; names are encoded, so that a dot only ever separates them. */
export function valueAt(document: Document, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Document | null | undefined)?.[key], document);
}
