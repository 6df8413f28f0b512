import { ensure } from '../errors';
import type { Batch } from '../storage/batch';
import { catalogKey, checkDatabaseName, indexFlagsKey, type Collection, type Index } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import { show } from '../values/show';
import { doc, int, isDoc, type Value } from '../values/value';
import { equalKeys, holds } from './create-indexes';
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

export const dropDatabase: Command = {
  fields: [],
  async run({ db, engine }) {
    checkDatabaseName(db);
    await engine.define(
      (key) => engine.catalog.list(db).some(({ ns }) => holds(engine, ns)(key)),
      (batch) => {
        const collections = engine.catalog.list(db);
        for (const collection of collections) removeCollection(batch, collection);
        if (collections.length > 0) batch.operations.push({ type: 'dropDatabase', db, collection: '' });
      },
    );
    return { body: doc({ dropped: db }) };
  },
};

export const dropIndexes: Command = {
  fields: ['index'],
  async run(invocation) {
    const { db, engine, body } = invocation;
    const name = collectionName(invocation);
    const ns = `${db}.${name}`;
    return engine.define(holds(engine, ns), (batch) => {
      const collection = batch.collection(ns);
      ensure(collection, 'NamespaceNotFound', `ns not found ${ns}`);
      const was = collection.indexes.length;
      const named = namedIndexes(collection, body.get('index'));
      if (named.length > 0) {
        for (const index of named) removeIndex(batch, index);
        const indexes = collection.indexes.filter((index) => !named.includes(index));
        engine.catalog.save({ ...collection, indexes }, batch.view);
        batch.afterwards.push(() => (collection.indexes = indexes));
        batch.operations.push({ type: 'dropIndexes', db, collection: name, uuid: collection.uuid });
      }
      return { body: doc({ nIndexesWas: int(was) }) };
    });
  },
};

/** The indexes that dropIndexes names: by name, by names, by key, or '*' for all but _id. */
function namedIndexes(collection: Collection, wanted: Value | undefined): Index[] {
  if (wanted === '*') return collection.indexes.filter((index) => index.name !== '_id_');
  return (Array.isArray(wanted) ? wanted : [wanted]).map((name) => {
    const found = collection.indexes.find((index) => (isDoc(name) ? equalKeys(index.key, name) : index.name === name));
    ensure(found, 'IndexNotFound', `index not found: ${show(name)}`);
    ensure(found.name !== '_id_', 'InvalidOptions', 'cannot drop _id index');
    return found;
  });
}

/** Removes a collection with its documents and indexes. */
function removeCollection(batch: Batch, collection: Collection): void {
  const { db, name, uuid, ns, id, indexes } = collection;
  clear(batch, ...numberedRange(TABLE.documents, id));
  for (const index of indexes) removeIndex(batch, index);
  batch.view.remove(catalogKey(ns));
  batch.afterwards.push(() => batch.catalog.remove(collection));
  batch.operations.push({ type: 'drop', db, collection: name, uuid });
}

function removeIndex(batch: Batch, index: Index): void {
  clear(batch, ...numberedRange(TABLE.indexes, index.id));
  batch.view.remove(indexFlagsKey(index.id));
}

function clear({ view }: Batch, start: Buffer, end: Buffer): void {
  for (const { key } of view.range(start, end)) view.remove(key);
}
