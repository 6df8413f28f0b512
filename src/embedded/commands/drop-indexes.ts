import { ensure } from '../errors';
import type { Collection, Index } from '../storage/catalog';
import { show } from '../values/show';
import { doc, int, isDoc, type Value } from '../values/value';
import { equalKeys, holds } from './create-indexes';
import { removeIndex } from './drop';
import { collectionName, type Command } from './invocation';

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
