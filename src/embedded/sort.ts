import { ensure, mongoError, MongoError } from './errors';
import { compare } from './values/compare';
import { show } from './values/show';
import { indexKeyValues } from './values/paths';
import { asNumber, isDoc, type Doc, type Value } from './values/value';

/** A sort specification, compiled. */
export interface Sorter {
  /** The key of a document: one value a sort field, null for missing; of an array, the element that sorts first. */
  key: (document: Doc) => (Value | undefined)[];
  compareKeys: (a: (Value | undefined)[], b: (Value | undefined)[]) => number;
  /** Sorts things by their documents, stably; with `limit` only the first so many are held and returned. */
  sort<T>(items: Iterable<T>, documentOf: (item: T) => Doc, limit?: number): T[];
}

function direction(path: string, value: Value): 1 | -1 {
  ensure(path !== '', 'FailedToParse', 'FieldPath cannot be constructed with empty string');
  ensure(!path.startsWith('$'), 'BadValue', `a sort field may not start with '$': '${path}'`);
  ensure(!isDoc(value), 'BadValue', `a $meta or other expression is not supported in a sort: '${path}'`);
  const n = asNumber(value);
  ensure(n !== undefined, 15974, `Illegal key in $sort specification: ${path}: ${show(value)}`);
  ensure(n === 1 || n === -1, 15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  return n;
}

/** Compiles a sort specification; throws for directions other than 1 and -1 and for $meta. */
export function compileSorter(spec: Doc): Sorter {
  const paths = [...spec.keys()];
  if (paths.length > 32) throw mongoError('BadValue', 'too many sort fields, the most is 32');
  const directions = paths.map((path) => direction(path, spec.get(path)!));
  const plain = paths.every((path) => !path.includes('.'));

  const compareKeys = (a: (Value | undefined)[], b: (Value | undefined)[]): number => {
    for (let i = 0; i < directions.length; i++) {
      const order = compare(a[i], b[i]);
      if (order !== 0) return directions[i] === 1 ? order : -order;
    }
    return 0;
  };

  const expanded = (document: Doc): (Value | undefined)[] => {
    let entries: (Value | undefined)[][];
    try {
      entries = indexKeyValues(document, paths);
    } catch (error) {
      if (error instanceof MongoError && error.codeName === 'CannotIndexParallelArrays')
        throw mongoError('BadValue', 'cannot sort with keys that are parallel arrays');
      throw error;
    }
    let best: (Value | undefined)[] | undefined;
    for (const entry of entries) {
      const key = entry.map((v) => (v === undefined ? null : v));
      if (best === undefined || compareKeys(key, best) < 0) best = key;
    }
    return best ?? paths.map(() => null);
  };

  const key = (document: Doc): (Value | undefined)[] => {
    if (!plain) return expanded(document);
    const values: (Value | undefined)[] = new Array<Value | undefined>(paths.length);
    for (let i = 0; i < paths.length; i++) {
      const value = document.get(paths[i]!);
      if (Array.isArray(value)) return expanded(document);
      values[i] = value === undefined ? null : value;
    }
    return values;
  };

  return {
    key,
    compareKeys,
    sort<T>(items: Iterable<T>, documentOf: (item: T) => Doc, limit = Infinity) {
      let held: { key: (Value | undefined)[]; item: T }[] = [];
      const order = (): void => void held.sort((a, b) => compareKeys(a.key, b.key));
      for (const item of items) {
        held.push({ key: key(documentOf(item)), item });
        // Sorting again at every doubling keeps only the best without holding everything.
        if (held.length < 2 * limit + 1000) continue;
        order();
        held = held.slice(0, limit);
      }
      order();
      return held.slice(0, limit).map(({ item }) => item);
    },
  };
}

/** Compiles a sort specification into a comparison of two documents; for many documents use compileSorter. */
export function compileSort(spec: Doc): (a: Doc, b: Doc) => number {
  const { key, compareKeys } = compileSorter(spec);
  return (a, b) => compareKeys(key(a), key(b));
}
