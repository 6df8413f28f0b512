import { mongoError } from '../errors';
import { doc, int } from '../values/value';
import { holds } from './create-indexes';
import { collectionName, type Command } from './invocation';
import { removeCollection } from './removal';

export const drop: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
    const name = collectionName(invocation);
    const ns = `${db}.${name}`;
    const nIndexesWas = await engine.define(holds(engine, ns), (writer, _instant, operations) => {
      const collection = engine.catalog.get(ns);
      if (collection === undefined) throw mongoError('NamespaceNotFound', 'ns not found');
      removeCollection(engine, collection, writer, operations);
      return collection.indexes.length;
    });
    return { body: doc({ nIndexesWas: int(nIndexesWas), ns }) };
  },
};
