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
