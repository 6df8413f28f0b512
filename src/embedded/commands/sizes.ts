import { mongoError } from '../errors';
import type { Collection } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { View } from '../storage/view';
import { asNumber, type Doc } from '../values/value';

/** What a collection takes: counted by reading it through. */
export interface CollectionSizes {
  count: number;
  size: number;
  indexSizes: Map<string, number>;
}

/** Counts and sizes of a collection and its indexes, in bytes of keys and values. */
export function sizesOf(view: View, collection: Collection): CollectionSizes {
  const documents = totals(view, TABLE.documents, collection.id);
  const indexes = collection.indexes.map((index): [string, number] => {
    const { count, keys, values } = totals(view, TABLE.indexes, index.id);
    return [index.name, count === 0 ? 0 : keys + values];
  });
  return { count: documents.count, size: documents.values, indexSizes: new Map(indexes) };
}

function totals(view: View, table: number, id: number): { count: number; keys: number; values: number } {
  const sum = { count: 0, keys: 0, values: 0 };
  for (const { key, value } of view.range(...numberedRange(table, id))) {
    sum.count++;
    sum.keys += key.length;
    sum.values += value.length;
  }
  return sum;
}

/** The option `scale` of the statistics commands: what sizes are divided by. */
export function scaleOf(body: Doc): number {
  const scale = asNumber(body.get('scale')) ?? 1;
  if (!(scale >= 1)) throw mongoError('BadValue', `scale must be at least 1, but is ${scale}`);
  return Math.trunc(scale);
}
