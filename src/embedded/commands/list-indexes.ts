import { ensure } from '../errors';
import { describeIndex } from '../storage/catalog';
import { collectionName, type Command } from './invocation';
import { listed } from './listing';

export const listIndexes: Command = {
  fields: ['cursor'],
  run(invocation) {
    const { engine, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const collection = engine.catalog.get(ns);
    ensure(collection, 'NamespaceNotFound', `ns does not exist: ${ns}`);
    return listed(invocation, ns, collection.indexes.map(describeIndex));
  },
};
