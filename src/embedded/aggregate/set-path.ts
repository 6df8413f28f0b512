import type { Doc, Value } from '../values/value';

/** A copy of a document with the value at a dotted path set; what is no document on the way is replaced by one. */
export function setPath(document: Doc, path: string, value: Value): Doc {
  const result: Doc = new Map(document);
  const dot = path.indexOf('.');
  if (dot < 0) return result.set(path, value);
  const first = path.slice(0, dot);
  const inner = result.get(first);
  return result.set(
    first,
    setPath(inner instanceof Map ? inner : new Map<string, Value>(), path.slice(dot + 1), value),
  );
}

/** A copy of a document without the field at a dotted path. */
export function removePath(document: Doc, path: string): Doc {
  const result: Doc = new Map(document);
  const dot = path.indexOf('.');
  if (dot < 0) {
    result.delete(path);
    return result;
  }
  const first = path.slice(0, dot);
  const inner = result.get(first);
  return inner instanceof Map ? result.set(first, removePath(inner, path.slice(dot + 1))) : result;
}
