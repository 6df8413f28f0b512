import { compare, isObject, UNDEFINED, type Bson, type Obj } from './compare';
import { matches } from './match';

export type Pattern = Record<string, 1 | -1>;
/** An index as createIndexes takes it. */
export interface Index {
  name: string;
  key: Pattern;
  unique?: true;
  sparse?: true;
  partialFilterExpression?: Obj;
}

/** Two arrays side by side: such a document has no key. */
export class ParallelArrays extends Error {}

/** A value on the way along a path, and what is left of the path; undefined at the end of an array's element. */
interface Cursor {
  value: Bson;
  left: string[] | undefined;
}

function walked({ value, left }: Cursor): Cursor {
  if (left === undefined || left.length === 0 || Array.isArray(value)) return { value, left };
  const [field, ...rest] = left;
  const next = isObject(value) && Object.hasOwn(value, field!) ? value[field!] : undefined;
  return next === undefined ? { value: undefined, left: undefined } : walked({ value: next, left: rest });
}

function stepped(left: string[], element: Bson): Cursor {
  if (left.length === 0) return { value: element, left: undefined };
  return isObject(element) ? { value: element, left } : { value: undefined, left: undefined };
}

function expanded(cursors: Cursor[]): Bson[][] {
  const here = cursors.map(walked);
  const isArray = ({ value, left }: Cursor): boolean => left !== undefined && Array.isArray(value);
  const arrays = new Set(here.filter(isArray).map(({ value }) => value as Bson[]));
  if (arrays.size > 1) throw new ParallelArrays();
  const [array] = arrays;
  if (array === undefined) return [here.map(({ value }) => value)];
  return (array.length > 0 ? array : [UNDEFINED]).flatMap((element) =>
    expanded(here.map((cursor) => (isArray(cursor) ? stepped(cursor.left!, element) : cursor))),
  );
}

/**
 * The keys of a document over the paths of an index or a sort: one for each element of the one array that they may
 * lead through. A missing field is undefined, an empty array is UNDEFINED. Throws ParallelArrays where two arrays meet.
 */
export function keysOf(document: Obj, pattern: Pattern): Bson[][] {
  return expanded(Object.keys(pattern).map((path) => ({ value: document, left: path.split('.') })));
}

/** Compares two keys in the directions of a pattern. */
export function compareKeys(pattern: Pattern, a: Bson[], b: Bson[]): number {
  const orders = Object.values(pattern).map((direction, i) => direction * compare(a[i], b[i]));
  return orders.find((order) => order !== 0) ?? 0;
}

/** The key by which a sort places a document: the least of its keys in the sort's own directions. */
export function sortKey(document: Obj, pattern: Pattern): Bson[] {
  return keysOf(document, pattern).reduce((least, key) => (compareKeys(pattern, key, least) < 0 ? key : least));
}

/** The keys that an index holds for a document: none where it leaves the document out. */
function indexKeys(index: Index, document: Obj): Bson[][] {
  if (index.partialFilterExpression && !matches(document, index.partialFilterExpression)) return [];
  const keys = keysOf(document, index.key);
  return index.sparse ? keys.filter((key) => key.some((value) => value !== undefined)) : keys;
}

/** Whether an index refuses a document beside those stored: for parallel arrays, or a key that another one has. */
export function refuses(index: Index, document: Obj, stored: Obj[]): boolean {
  try {
    const keys = indexKeys(index, document);
    const taken = (key: Bson[]): boolean => keys.some((own) => compareKeys(index.key, own, key) === 0);
    return index.unique === true && stored.some((other) => indexKeys(index, other).some(taken));
  } catch (error) {
    if (error instanceof ParallelArrays) return true;
    throw error;
  }
}

function evaluated(value: Bson, path: string[]): Bson {
  if (path.length === 0) return value;
  if (Array.isArray(value)) {
    return value
      .filter(isObject)
      .map((item) => evaluated(item, path))
      .filter((inner) => inner !== undefined);
  }
  return isObject(value) ? evaluated(value[path[0]!], path.slice(1)) : undefined;
}

/** `$group: {_id: '$path', count: {$sum: 1}}`, sorted by _id; a missing field is in the group of null. */
export function groupCounts(documents: Obj[], path: string): { _id: Bson; count: number }[] {
  const groups: { _id: Bson; count: number }[] = [];
  for (const document of documents) {
    const _id = evaluated(document, path.split('.')) ?? null;
    const group = groups.find((known) => compare(known._id, _id) === 0);
    if (group) group.count++;
    else groups.push({ _id, count: 1 });
  }
  return groups.sort((a, b) => compare(a._id, b._id));
}
