import type { Engine } from '../engine';
import { ensure } from '../errors';
import { checkDatabaseName, indexFlagsKey, type Collection, type Index } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { Operation } from '../storage/oplog';
import type { Writer } from '../storage/store';
import { show } from '../values/show';
import { doc, int, isDoc, type Value } from '../values/value';
import { equalKeys, holds } from './create-indexes';
import { collectionName, type Command } from './invocation';

export const drop: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const nIndexesWas = await engine.define(holds(engine, ns), (writer, _instant, operations) => {
      const collection = engine.catalog.get(ns);
      ensure(collection, 'NamespaceNotFound', 'ns not found');
      removeCollection(engine, collection, writer, operations);
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
      (writer, _instant, operations) => {
        const collections = engine.catalog.list(db);
        for (const collection of collections) removeCollection(engine, collection, writer, operations);
        if (collections.length > 0) operations.push({ type: 'dropDatabase', db, collection: '' });
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
    return engine.define(holds(engine, ns), (writer, _instant, operations) => {
      const collection = engine.catalog.get(ns);
      ensure(collection, 'NamespaceNotFound', `ns not found ${ns}`);
      const was = collection.indexes.length;
      const named = namedIndexes(collection, body.get('index'));
      if (named.length > 0) {
        for (const index of named) removeIndex(index, writer);
        collection.indexes = collection.indexes.filter((index) => !named.includes(index));
        engine.catalog.save(collection, writer);
        operations.push({ type: 'dropIndexes', db, collection: name, uuid: collection.uuid });
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

/** Removes a collection with its documents and indexes, within a definition. */
function removeCollection(engine: Engine, collection: Collection, writer: Writer, operations: Operation[]): void {
  clear(writer, ...numberedRange(TABLE.documents, collection.id));
  for (const index of collection.indexes) removeIndex(index, writer);
  engine.catalog.remove(collection, writer);
  operations.push({ type: 'drop', db: collection.db, collection: collection.name, uuid: collection.uuid });
}

function removeIndex(index: Index, writer: Writer): void {
  clear(writer, ...numberedRange(TABLE.indexes, index.id));
  writer.remove(indexFlagsKey(index.id));
}

function clear(writer: Writer, start: Buffer, end: Buffer): void {
  for (const key of [...writer.range(start, end)].map((entry) => entry.key)) writer.remove(key);
}
