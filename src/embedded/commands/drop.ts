import { ensure } from '../errors';
import type { Batch } from '../storage/batch';
import { catalogKey, indexFlagsKey, type Collection, type Index } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import { doc, int } from '../values/value';
import { holds } from './create-indexes';
import { collectionName, type Command } from './invocation';

export const drop: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const nIndexesWas = await engine.define(holds(engine, ns), (batch) => {
      const collection = batch.collection(ns);
      ensure(collection, 'NamespaceNotFound', 'ns not found');
      removeCollection(batch, collection);
      return collection.indexes.length;
    });
    return { body: doc({ nIndexesWas: int(nIndexesWas), ns }) };
  },
};

/** Removes a collection with its documents and indexes. */
export function removeCollection(batch: Batch, collection: Collection): void {
  const { db, name, uuid, ns, id, indexes } = collection;
  clear(batch, ...numberedRange(TABLE.documents, id));
  for (const index of indexes) removeIndex(batch, index);
  batch.view.remove(catalogKey(ns));
  batch.afterwards.push(() => batch.catalog.remove(collection));
  batch.operations.push({ type: 'drop', db, collection: name, uuid });
}

/** Removes an index with its entries; the caller takes it from its collection. */
export function removeIndex(batch: Batch, index: Index): void {
  clear(batch, ...numberedRange(TABLE.indexes, index.id));
  batch.view.remove(indexFlagsKey(index.id));
}

function clear({ view }: Batch, start: Buffer, end: Buffer): void {
  for (const { key } of view.range(start, end)) view.remove(key);
}
