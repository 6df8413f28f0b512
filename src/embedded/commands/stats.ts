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
  indexSizes: Map<string, number>;
  totalIndexSize: number;
}

/** What a collection takes, counted by reading it through. */
export function sizesOf(view: View, collection: Collection): Sizes {
  const [count, size] = totals(view, TABLE.documents, collection.id, 0);
  const indexSizes = new Map(collection.indexes.map(({ name, id }) => [name, totals(view, TABLE.indexes, id, 1)[1]]));
  return { count, size, indexSizes, totalIndexSize: [...indexSizes.values()].reduce((sum, n) => sum + n, 0) };
}

/** Entries, and bytes of their values and of `keys` times their keys. */
function totals(view: View, table: number, id: number, keys: 0 | 1): [number, number] {
  let [count, bytes] = [0, 0];
  for (const { key, value } of view.range(...numberedRange(table, id))) {
    count++;
    bytes += keys * key.length + value.length;
  }
  return [count, bytes];
}

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
  const nothing: Sizes = { count: 0, size: 0, indexSizes: new Map(), totalIndexSize: 0 };
  const sizes = collection ? withView(invocation, (view) => sizesOf(view, collection)) : nothing;
  const scaled = (n: number): Value => countValue(Math.floor(n / scale));
  const { count, size, indexSizes, totalIndexSize } = sizes;
  return doc({
    ns,
    size: scaled(size),
    count: countValue(count),
    avgObjSize: count > 0 ? int(Math.floor(size / count)) : undefined,
    storageSize: scaled(size),
    capped: false,
    nindexes: int(indexSizes.size),
    indexSizes: new Map([...indexSizes].map(([name, n]): [string, Value] => [name, scaled(n)])),
    totalIndexSize: scaled(totalIndexSize),
    totalSize: scaled(size + totalIndexSize),
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
    const sum = (of: (sizes: Sizes) => number): number => all.reduce((total, sizes) => total + of(sizes), 0);
    const [objects, data, indexes] = [sum((s) => s.count), sum((s) => s.size), sum((s) => s.totalIndexSize)];
    return {
      body: doc({
        db,
        collections: BigInt(all.length),
        views: 0n,
        objects: BigInt(objects),
        avgObjSize: objects > 0 ? data / objects : 0,
        dataSize: data / scale,
        storageSize: data / scale,
        indexes: BigInt(sum((s) => s.indexSizes.size)),
        indexSize: indexes / scale,
        totalSize: (data + indexes) / scale,
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
  const name = isDoc(stage) && stage.keys().next().value;
  if (name !== '$collStats' && name !== '$indexStats') return undefined;
  const { engine, address } = invocation;
  const collection = engine.catalog.get(ns);
  ensure(collection, 'NamespaceNotFound', `Collection [${ns}] not found.`);
  if (name === '$indexStats') {
    // Uses are not counted.
    const accesses = doc({ ops: 0n, since: engine.startedAt });
    return collection.indexes.map((index) =>
      doc({ name: index.name, key: index.key, host: address, accesses, v: int(2) }),
    );
  }
  const options = (stage as Doc).get(name);
  ensure(isDoc(options), 'TypeMismatch', '$collStats must take a nested object');
  const bad = [...options.keys()].find((option) => option !== 'storageStats' && option !== 'count');
  ensure(bad === undefined, 'InvalidOptions', `The embedded database does not support the option ${bad} of $collStats`);
  const storageStats = statistics(invocation, ns);
  const made = { storageStats, count: storageStats.get('count') };
  const asked = Object.entries(made).filter(([option]) => options.has(option));
  return [doc({ ns, host: address, localTime: new Date(), ...Object.fromEntries(asked) })];
}
