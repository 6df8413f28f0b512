import type { Engine } from '../engine';
import { mongoError } from '../errors';
import { indexFlagsKey, type Collection, type Index } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { Operation } from '../storage/oplog';
import type { Writer } from '../storage/store';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { equal } from '../values/compare';
import { holds } from './create-indexes';
import { checkDatabaseName } from '../storage/catalog';
import { collectionName, type Command } from './invocation';

export const drop: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
    const name = collectionName(invocation);
    const ns = `${db}.${name}`;
    const nIndexesWas = await engine.define(holds(engine.catalog.get(ns), ns), (writer, _instant, operations) => {
      const collection = engine.catalog.get(ns);
      if (collection === undefined) throw mongoError('NamespaceNotFound', 'ns not found');
      removeCollection(engine, collection, writer, operations);
      return collection.indexes.length;
    });
    return { body: doc({ nIndexesWas: int(nIndexesWas), ns }) };
  },
};

export const dropDatabase: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
    checkDatabaseName(db);
    const conflicts = engine.catalog.list(db).map((collection) => holds(collection, collection.ns));
    await engine.define(
      (key) => conflicts.some((conflict) => conflict(key)),
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
    return engine.define(holds(engine.catalog.get(ns), ns), (writer, _instant, operations) => {
      const collection = engine.catalog.get(ns);
      if (collection === undefined) throw mongoError('NamespaceNotFound', `ns not found ${ns}`);
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

/** The indexes that dropIndexes names: by name, by names, by key, or '*' for all but _id. */
function namedIndexes(collection: Collection, wanted: Value | undefined): Index[] {
  if (wanted === '*') return collection.indexes.filter((index) => index.name !== '_id_');
  const names = Array.isArray(wanted) ? wanted : [wanted];
  return names.map((name) => {
    const found = collection.indexes.find((index) => (isDoc(name) ? sameKey(index.key, name) : index.name === name));
    if (found === undefined) {
      const message = isDoc(name)
        ? `can't find index with key: ${[...name.keys()].join(', ')}`
        : `index not found with name [${String(name)}]`;
      throw mongoError('IndexNotFound', message);
    }
    if (found.name === '_id_') throw mongoError('InvalidOptions', 'cannot drop _id index');
    return found;
  });
}

function sameKey(a: Doc, b: Doc): boolean {
  return equal(a, b) && [...a.keys()].join('\0') === [...b.keys()].join('\0');
}
