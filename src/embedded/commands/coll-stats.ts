import { doc, int, type Doc, type Value } from '../values/value';
import { collectionName, countValue, openView, type Command, type Invocation } from './invocation';
import { scaleOf, sizesOf } from './sizes';

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
