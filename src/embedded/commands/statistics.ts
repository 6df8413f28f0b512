import { mongoError } from '../errors';
import type { Collection } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { View } from '../storage/view';
import { asNumber, doc, int, type Doc, type Value } from '../values/value';
import { collectionName, countValue, openView, refuse, type Command, type Invocation } from './invocation';

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

export const collStats: Command = {
  fields: ['scale'],
  run(invocation) {
    const ns = `${invocation.db}.${collectionName(invocation)}`;
    return { body: collectionStatistics(invocation, ns) };
  },
};

/** The fields of collStats, as the stage $collStats gives them too. */
export function collectionStatistics(invocation: Invocation, ns: string): Doc {
  const scale = scaleOf(invocation.body);
  const collection = invocation.engine.catalog.get(ns);
  const { view, release } = openView(invocation);
  try {
    const sizes = collection ? sizesOf(view, collection) : { count: 0, size: 0, indexSizes: new Map<string, number>() };
    const scaled = (n: number): Value => countValue(Math.floor(n / scale));
    const indexSizes = new Map([...sizes.indexSizes].map(([name, n]): [string, Value] => [name, scaled(n)]));
    const total = [...sizes.indexSizes.values()].reduce((sum, n) => sum + n, 0);
    return doc({
      ns,
      size: scaled(sizes.size),
      count: countValue(sizes.count),
      avgObjSize: sizes.count > 0 ? int(Math.floor(sizes.size / sizes.count)) : undefined,
      storageSize: scaled(sizes.size),
      capped: false,
      nindexes: int(indexSizes.size),
      indexSizes,
      totalIndexSize: scaled(total),
      totalSize: scaled(sizes.size + total),
      scaleFactor: int(scale),
    });
  } finally {
    release();
  }
}

export const dbStats: Command = {
  fields: ['scale', 'freeStorage'],
  run(invocation) {
    const { db, engine, body } = invocation;
    refuse(body, 'dbStats', ['freeStorage']);
    const scale = scaleOf(body);
    const { view, release } = openView(invocation);
    try {
      const all = engine.catalog.list(db).map((collection) => sizesOf(view, collection));
      const sum = (of: (sizes: CollectionSizes) => number): number =>
        all.reduce((total, sizes) => total + of(sizes), 0);
      const objects = sum((sizes) => sizes.count);
      const [data, indexes] = [
        sum((sizes) => sizes.size),
        sum((s) => [...s.indexSizes.values()].reduce((a, b) => a + b, 0)),
      ];
      return {
        body: doc({
          db,
          collections: BigInt(all.length),
          views: 0n,
          objects: BigInt(objects),
          avgObjSize: objects > 0 ? data / objects : 0,
          dataSize: data / scale,
          storageSize: data / scale,
          indexes: BigInt(sum((sizes) => sizes.indexSizes.size)),
          indexSize: indexes / scale,
          totalSize: (data + indexes) / scale,
          scaleFactor: int(scale),
        }),
      };
    } finally {
      release();
    }
  },
};

function scaleOf(body: Doc): number {
  const scale = asNumber(body.get('scale')) ?? 1;
  if (!(scale >= 1)) throw mongoError('BadValue', `scale must be at least 1, but is ${scale}`);
  return Math.trunc(scale);
}
