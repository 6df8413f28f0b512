import { checkDatabaseName } from '../storage/catalog';
import { doc } from '../values/value';
import { holds } from './create-indexes';
import type { Command } from './invocation';
import { removeCollection } from './removal';

export const dropDatabase: Command = {
  fields: [],
  async run(invocation) {
    const { db, engine } = invocation;
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
