import { mongoError } from '../errors';
import type { Collection, Index } from '../storage/catalog';
import { show } from '../values/show';
import { equal } from '../values/compare';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { holds } from './create-indexes';
import { collectionName, type Command } from './invocation';
import { removeIndex } from './removal';

export const dropIndexes: Command = {
  fields: ['index'],
  async run(invocation) {
    const { db, engine, body } = invocation;
    const name = collectionName(invocation);
    const ns = `${db}.${name}`;
    return engine.define(holds(engine, ns), (writer, _instant, operations) => {
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

/** The indexes that dropIndexes names: by name, by names, by key, or '*' for all but _id. */
function namedIndexes(collection: Collection, wanted: Value | undefined): Index[] {
  if (wanted === '*') return collection.indexes.filter((index) => index.name !== '_id_');
  const names = Array.isArray(wanted) ? wanted : [wanted];
  return names.map((name) => {
    const found = collection.indexes.find((index) => (isDoc(name) ? sameKey(index.key, name) : index.name === name));
    if (found === undefined) {
      const message = isDoc(name)
        ? `can't find index with key: ${[...name.keys()].join(', ')}`
        : `index not found with name [${typeof name === 'string' ? name : show(name)}]`;
      throw mongoError('IndexNotFound', message);
    }
    if (found.name === '_id_') throw mongoError('InvalidOptions', 'cannot drop _id index');
    return found;
  });
}

function sameKey(a: Doc, b: Doc): boolean {
  return equal(a, b) && [...a.keys()].join('\0') === [...b.keys()].join('\0');
}
