import type { Collection, Index } from './storage/catalog';
import type { View } from './storage/view';
import type { Doc, Value } from './values/value';

/** What is asked of a collection. */
export interface Query {
  filter: Doc;
  sort?: Doc | undefined;
  skip?: number | undefined;
  limit?: number | undefined;
  hint?: Value | undefined;
}

/** A part of an index: start <= key < end. */
export interface KeyRange {
  start: Buffer;
  end: Buffer;
}

/** How a query's candidates are found. All are checked with the matcher afterwards. */
export type Plan =
  | { stage: 'COLLSCAN'; reverse: boolean; sorted: boolean }
  | {
      stage: 'IXSCAN';
      index: Index;
      ranges: KeyRange[];
      reverse: boolean;
      sorted: boolean;
      merge: boolean;
      bounds: Doc;
    }
  | { stage: 'OR'; branches: Plan[]; sorted: false };

/** Chooses how to find a query's candidates. */
export function plan(_view: View, _collection: Collection, query: Query): Plan {
  return { stage: 'COLLSCAN', reverse: false, sorted: query.sort === undefined };
}
