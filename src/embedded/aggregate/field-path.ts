import { ensure } from '../errors';
import type { Doc, Value } from '../values/value';

/** The value at a path as expressions see it: an array on the way gives the array of what its documents hold. */
export function pathValue(holder: Value | undefined, parts: string[], at = 0): Value | undefined {
  let current = holder;
  for (let i = at; i < parts.length; i++) {
    if (Array.isArray(current)) {
      const inside = current.map((element) => (element instanceof Map ? pathValue(element, parts, i) : undefined));
      return inside.filter((value) => value !== undefined);
    }
    if (!(current instanceof Map)) return undefined;
    current = current.get(parts[i]!);
  }
  return current;
}

/** Splits a path and refuses empty and $-prefixed components. */
export function fieldPath(path: string): string[] {
  ensure(path !== '', 40352, 'FieldPath cannot be constructed with empty string');
  ensure(!path.endsWith('.'), 40353, "FieldPath must not end with a '.'.");
  const parts = path.split('.');
  for (const part of parts) {
    ensure(part !== '', 15998, 'FieldPath field names may not be empty strings.');
    ensure(!part.startsWith('$'), 16410, "FieldPath field names may not start with '$'.");
  }
  return parts;
}

/** A copy of a document with the value at a path set; what is no document on the way is replaced by one. */
export function setPath(document: Doc, [first, ...rest]: string[], value: Value): Doc {
  const inner = document.get(first!);
  const set = rest.length === 0 ? value : setPath(inner instanceof Map ? inner : new Map<string, Value>(), rest, value);
  return new Map(document).set(first!, set);
}
