import { ensure, MongoError } from './errors';
import { encodeKey } from './values/keys';
import { indexKeyValues } from './values/paths';
import { show } from './values/show';
import { asNumber, isDoc, type Doc, type Value } from './values/value';

/** A sort specification, compiled. */
export interface Sorter {
  /** The place of a document: bytes that compare as the order is; of an array, the element that sorts first. */
  key: (document: Doc) => Buffer;
  /** Sorts things by their documents, stably; with a `limit` but 0 only the first so many are held and returned. */
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
  ensure(paths.length <= 32, 'BadValue', 'too many sort fields, the most is 32');
  const directions = paths.map((path) => direction(path, spec.get(path)!));

  const key = (document: Doc): Buffer => {
    try {
      const keys = indexKeyValues(document, paths).map((values) => encodeKey(values, directions, Infinity).bytes);
      return keys.reduce((least, other) => (other.compare(least) < 0 ? other : least));
    } catch (error) {
      const parallel = error instanceof MongoError && error.codeName === 'CannotIndexParallelArrays';
      ensure(!parallel, 'BadValue', 'cannot sort with keys that are parallel arrays');
      throw error;
    }
  };

  return {
    key,
    sort<T>(items: Iterable<T>, documentOf: (item: T) => Doc, limit = 0) {
      let held: { key: Buffer; item: T }[] = [];
      const most = limit || Infinity;
      const order = (): void => void held.sort((a, b) => a.key.compare(b.key));
      for (const item of items) {
        held.push({ key: key(documentOf(item)), item });
        // Sorting again at every doubling keeps only the best without holding everything.
        if (held.length < 2 * most + 1000) continue;
        order();
        held = held.slice(0, most);
      }
      order();
      return held.slice(0, most).map(({ item }) => item);
    },
  };
}
