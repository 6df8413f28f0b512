import { ensure } from '../errors';
import type { Collection } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { View } from '../storage/view';
import { asNumber, countValue, doc, int, type Doc, type Value } from '../values/value';
import { collectionName, withView, type Command, type Invocation } from './invocation';

/** Number of documents, and sizes in bytes of the documents and of each index. */
interface Sizes {
  count: number;
  size: number;
  indexSizes: [name: string, size: number][];
}

/** What a collection takes, counted by reading it through. */
export function sizesOf(view: View, collection: Collection): Sizes {
  let [count, size] = [0, 0];
  for (const { value } of view.range(...numberedRange(TABLE.documents, collection.id))) {
    count++;
    size += value.length;
  }
  const indexSizes = collection.indexes.map(({ name, id }): [string, number] => {
    const entries = [...view.range(...numberedRange(TABLE.indexes, id))];
    return [name, sum(entries.map(({ key, value }) => key.length + value.length))];
  });
  return { count, size, indexSizes };
}

/** The sum of some numbers. */
export const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);

/** The option `scale`: what sizes are divided by. */
export function scaleOf(body: Doc): number {
  const scale = asNumber(body.get('scale')) ?? 1;
  ensure(scale >= 1, 'BadValue', `scale must be at least 1, but is ${scale}`);
  return Math.trunc(scale);
}

export const collStats: Command = {
  fields: ['scale'],
  run: (invocation) => ({ body: statistics(invocation, `${invocation.db}.${collectionName(invocation)}`) }),
};

/** What collStats tells of a collection. */
export function statistics(invocation: Invocation, ns: string): Doc {
  const scale = scaleOf(invocation.body);
  const collection = invocation.engine.catalog.get(ns);
  const nothing: Sizes = { count: 0, size: 0, indexSizes: [] };
  const { count, size, indexSizes } = collection ? withView(invocation, (view) => sizesOf(view, collection)) : nothing;
  const scaled = (n: number): Value => countValue(Math.floor(n / scale));
  const ofIndexes = sum(indexSizes.map(([, n]) => n));
  return doc({
    ns,
    size: scaled(size),
    count: countValue(count),
    avgObjSize: count > 0 ? int(Math.floor(size / count)) : undefined,
    storageSize: scaled(size),
    capped: false,
    nindexes: int(indexSizes.length),
    indexSizes: new Map(indexSizes.map(([name, n]) => [name, scaled(n)])),
    totalIndexSize: scaled(ofIndexes),
    totalSize: scaled(size + ofIndexes),
    scaleFactor: int(scale),
  });
}
