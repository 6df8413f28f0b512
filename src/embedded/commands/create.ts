import { createCollection } from './create-indexes';
import { collectionName, words, type Command } from './invocation';

export const create: Command = {
  fields: [],
  refused: words(
    'idIndex capped size max validator validationLevel validationAction viewOn pipeline collation timeseries ' +
      'expireAfterSeconds clusteredIndex changeStreamPreAndPostImages encryptedFields storageEngine ' +
      'indexOptionDefaults temp',
  ),
  async run(invocation) {
    await createCollection(invocation.engine, invocation.db, collectionName(invocation));
    return { body: new Map() };
  },
};
