import { checkDatabaseName } from '../storage/catalog';
import { doc } from '../values/value';
import { holds } from './create-indexes';
import { removeCollection } from './drop';
import type { Command } from './invocation';

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
