import { mongoError } from '../errors';
import { Undefined, type Doc, type Value } from './value';

/** The index that a path component names when it is applied to an array, or -1. */
export function arrayIndex(part: string): number {
  return /^(0|[1-9][0-9]{0,8})$/.test(part) ? Number(part) : -1;
}

/** A path on its way through a document: where it is, and what is left of it; nothing where it has ended. */
interface Place {
  value: Value | undefined;
  rest: string[] | undefined;
}

/** Goes on to the end of the path or to the first array on it. */
function walk({ value, rest }: Place): Place {
  if (rest === undefined) return { value, rest };
  let current = value;
  for (const [i, part] of rest.entries()) {
    if (Array.isArray(current)) return { value: current, rest: rest.slice(i) };
    current = current instanceof Map ? current.get(part) : undefined;
  }
  return { value: current, rest: Array.isArray(current) ? [] : undefined };
}

function enter(element: Value, rest: string[]): Place {
  if (rest.length === 0) return { value: element, rest: undefined };
  if (arrayIndex(rest[0]!) >= 0)
    throw mongoError('CommandNotSupported', 'The embedded database does not sort and index by positions in arrays');
  return element instanceof Map ? { value: element, rest } : { value: undefined, rest: undefined };
}

function entriesFrom(places: Place[]): (Value | undefined)[][] {
  const here = places.map(walk);
  const arrays = new Set(here.flatMap(({ value, rest }) => (rest ? [value as Value[]] : [])));
  if (arrays.size > 1) throw mongoError('CannotIndexParallelArrays', 'cannot index parallel arrays');
  const [array] = arrays;
  if (array === undefined) return [here.map(({ value }) => value)];
  const elements: Value[] = array.length === 0 ? [Undefined.instance] : array;
  return elements.flatMap((element) =>
    entriesFrom(here.map((place) => (place.rest ? enter(element, place.rest) : place))),
  );
}

/**
 * The entries of a document in an index over `paths`, as MongoDB makes them: an array gives one entry an element (an
 * empty one BSON's undefined), and a missing field is undefined. Entries may repeat. Throws 171
 * (CannotIndexParallelArrays) when two paths meet different arrays, and refuses to take a position in one.
 */
export function indexKeyValues(document: Doc, paths: string[]): (Value | undefined)[][] {
  return entriesFrom(paths.map((path) => ({ value: document, rest: path.split('.') })));
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
