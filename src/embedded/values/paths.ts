import { mongoError } from '../errors';
import { Undefined, type Doc, type Value } from './value';

/** The index that a path component names when it is applied to an array, or -1. */
export function arrayIndex(part: string): number {
  return /^(0|[1-9][0-9]{0,8})$/.test(part) ? Number(part) : -1;
}

/** One path on its way through a document: what is left of it, and what it ended at. */
interface Cursor {
  rest: string[];
  value: Value | undefined;
  /** For a rest that starts with an array position: the element there and where the walk beyond it stopped. */
  positional?: { rest: string[]; value: Value | undefined } | undefined;
}

/** Walks to the end of the path or to the first array on it. */
function walk(document: Doc, path: string[]): { rest: string[]; value: Value | undefined } {
  let current: Value | undefined = document;
  let i = 0;
  while (i < path.length && current instanceof Map) {
    current = current.get(path[i]!);
    i++;
    if (Array.isArray(current)) return { rest: path.slice(i), value: current };
  }
  return i < path.length ? { rest: [], value: undefined } : { rest: [], value: current };
}

function step(document: Doc, cursor: Cursor): { rest: string[]; value: Value | undefined } {
  const first = cursor.rest[0]!;
  if (document.has(first)) {
    if (cursor.positional)
      throw mongoError('BadValue', `Ambiguous field name found in array (do not use numeric field names): '${first}'`);
    return walk(document, cursor.rest);
  }
  return cursor.positional ?? { rest: [], value: undefined };
}

/** Where a path whose next component may be a position in `array` goes by that position. */
function positionalStep(array: Value[], rest: string[]): Cursor['positional'] {
  const index = rest.length > 0 ? arrayIndex(rest[0]!) : -1;
  const element = index >= 0 ? array[index] : undefined;
  if (element === undefined) return undefined;
  const remaining = rest.slice(1);
  if (remaining.length === 0) return { rest: [], value: element };
  if (Array.isArray(element)) return { rest: remaining, value: element };
  return element instanceof Map ? walk(element, remaining) : { rest: [], value: undefined };
}

function collect(document: Doc, before: Cursor[], keys: (Value | undefined)[][]): void {
  let array: Value[] | undefined;
  const inArray: number[] = [];
  const cursors = before.map((cursor, i): Cursor => {
    if (cursor.rest.length === 0) return cursor;
    const { rest, value } = step(document, cursor);
    if (Array.isArray(value)) {
      if (array !== undefined && array !== value)
        throw mongoError('CannotIndexParallelArrays', 'cannot index parallel arrays');
      array = value;
      inArray.push(i);
    }
    return { rest, value };
  });
  if (array === undefined) {
    keys.push(cursors.map((c) => c.value));
    return;
  }
  const elements: Value[] = array.length === 0 ? [Undefined.instance] : array;
  const unfinished = cursors.some((c) => c.rest.length > 0);
  for (const element of elements) {
    const inside = cursors.map((c, i): Cursor => {
      if (!inArray.includes(i)) return c;
      if (c.rest.length === 0) return { rest: [], value: element };
      return { rest: c.rest, value: undefined, positional: positionalStep(array!, c.rest) };
    });
    if (!unfinished) keys.push(inside.map((c) => c.value));
    else collect(element instanceof Map ? element : new Map<string, Value>(), inside, keys);
  }
}

/**
 * The entries of a document in an index over `paths`, as MongoDB makes them: an array gives one entry an element (an
 * empty one BSON's undefined), and a missing field is undefined. Entries may repeat. Throws 171
 * (CannotIndexParallelArrays) when two paths meet different arrays.
 */
export function indexKeyValues(document: Doc, paths: string[]): (Value | undefined)[][] {
  if (paths.length === 1 && !paths[0]!.includes('.')) {
    const value = document.get(paths[0]!);
    if (!Array.isArray(value)) return [[value]];
    return value.length === 0 ? [[Undefined.instance]] : value.map((element) => [element]);
  }
  const keys: (Value | undefined)[][] = [];
  collect(
    document,
    paths.map((path) => ({ rest: path.split('.'), value: undefined })),
    keys,
  );
  return keys;
}

/** True when a document has an array on a dotted path, its end included. */
export function meetsArray(document: Doc, path: string): boolean {
  let value: Value | undefined = document;
  for (const part of path.split('.')) {
    value = value instanceof Map ? value.get(part) : undefined;
    if (Array.isArray(value)) return true;
  }
  return false;
}

/**
 * All values at a dotted path as `distinct` collects them: arrays are entered everywhere, also at the end, and a
 * numeric component after an array is a position in it.
 */
export function valuesAtPath(document: Doc, path: string): Value[] {
  const parts = path.split('.');
  const found: Value[] = [];
  const visit = (container: Value, at: number): void => {
    const part = parts[at]!;
    const value =
      container instanceof Map
        ? container.get(part)
        : Array.isArray(container)
          ? container[arrayIndex(part)]
          : undefined;
    if (value === undefined) return;
    if (at === parts.length - 1) {
      if (Array.isArray(value)) found.push(...value);
      else found.push(value);
    } else if (Array.isArray(value) && arrayIndex(parts[at + 1]!) < 0) {
      for (const element of value) visit(element, at + 1);
    } else visit(value, at + 1);
  };
  visit(document, 0);
  return found;
}
