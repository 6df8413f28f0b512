import { mongoError } from '../errors';
import { describeIndex } from '../storage/catalog';
import { collectionName, type Command } from './invocation';
import { listed } from './listed';

export const listIndexes: Command = {
  fields: ['cursor'],
  run(invocation) {
    const { engine, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const collection = engine.catalog.get(ns);
    if (collection === undefined) throw mongoError('NamespaceNotFound', `ns does not exist: ${ns}`);
    return listed(invocation, ns, collection.indexes.map(describeIndex));
  },
};
