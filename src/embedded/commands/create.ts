import { ensure } from '../errors';
import { holds } from './create-indexes';
import { collectionName, words, type Command } from './invocation';

export const create: Command = {
  fields: [],
  refused: words(
    'idIndex capped size max validator validationLevel validationAction viewOn pipeline collation timeseries ' +
      'expireAfterSeconds clusteredIndex changeStreamPreAndPostImages encryptedFields storageEngine ' +
      'indexOptionDefaults temp',
  ),
  async run(invocation) {
    const { engine, db } = invocation;
    const name = collectionName(invocation);
    const ns = `${db}.${name}`;
    await engine.define(holds(engine, ns), (batch) => {
      ensure(!batch.collection(ns), 'NamespaceExists', `Collection ${ns} already exists.`);
      batch.ensureCollection(db, name);
    });
    return { body: new Map() };
  },
};
