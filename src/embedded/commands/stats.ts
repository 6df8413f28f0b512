import { ensure } from '../errors';
import type { Collection } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { View } from '../storage/view';
import { asNumber, countValue, doc, int, isDoc, type Doc, type Value } from '../values/value';
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

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);

/** The option `scale`: what sizes are divided by. */
function scaleOf(body: Doc): number {
  const scale = asNumber(body.get('scale')) ?? 1;
  ensure(scale >= 1, 'BadValue', `scale must be at least 1, but is ${scale}`);
  return Math.trunc(scale);
}

export const collStats: Command = {
  fields: ['scale'],
  run: (invocation) => ({ body: statistics(invocation, `${invocation.db}.${collectionName(invocation)}`) }),
};

function statistics(invocation: Invocation, ns: string): Doc {
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

export const dbStats: Command = {
  fields: ['scale'],
  refused: ['freeStorage'],
  run(invocation) {
    const { db, engine, body } = invocation;
    const scale = scaleOf(body);
    const all = withView(invocation, (view) => engine.catalog.list(db).map((collection) => sizesOf(view, collection)));
    const [objects, data] = [sum(all.map(({ count }) => count)), sum(all.map(({ size }) => size))];
    const indexes = all.flatMap(({ indexSizes }) => indexSizes.map(([, size]) => size));
    return {
      body: doc({
        db,
        collections: BigInt(all.length),
        views: 0n,
        objects: BigInt(objects),
        avgObjSize: objects > 0 ? data / objects : 0,
        dataSize: data / scale,
        storageSize: data / scale,
        indexes: BigInt(indexes.length),
        indexSize: sum(indexes) / scale,
        totalSize: (data + sum(indexes)) / scale,
        scaleFactor: int(scale),
      }),
    };
  },
};

/**
 * The documents of a pipeline's first stage when that is $collStats or $indexStats, which Compass and mongosh ask for;
 * undefined when it is another.
 */
export function statsStage(invocation: Invocation, ns: string, stage: Value | undefined): Doc[] | undefined {
  const [name, options] = (isDoc(stage) && [...stage][0]) || [];
  if (name !== '$collStats' && name !== '$indexStats') return undefined;
  const { engine, address } = invocation;
  const collection = engine.catalog.get(ns);
  ensure(collection, 'NamespaceNotFound', `Collection [${ns}] not found.`);
  if (name === '$indexStats') {
    // Uses are not counted.
    const accesses = doc({ ops: 0n, since: engine.startedAt });
    return collection.indexes.map((index) => doc({ name: index.name, key: index.key, host: address, accesses }));
  }
  ensure(isDoc(options), 'TypeMismatch', '$collStats must take a nested object');
  const bad = [...options.keys()].find((option) => option !== 'storageStats' && option !== 'count');
  ensure(bad === undefined, 'InvalidOptions', `The embedded database does not support the option ${bad} of $collStats`);
  const storageStats = statistics(invocation, ns);
  const asked = [...doc({ storageStats, count: storageStats.get('count') })].filter(([option]) => options.has(option));
  return [new Map([...doc({ ns, host: address, localTime: new Date() }), ...asked])];
}
