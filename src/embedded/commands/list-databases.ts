import { doc } from '../values/value';
import { sizesOf } from './coll-stats';
import { boolField, withView, type Command } from './invocation';
import { filtered } from './listing';

export const listDatabases: Command = {
  fields: ['filter', 'nameOnly', 'authorizedDatabases'],
  run(invocation) {
    const { body, engine, name } = invocation;
    const nameOnly = boolField(body, name, 'nameOnly') ?? false;
    const sizes = new Map<string, number>();
    withView(invocation, (view) => {
      for (const collection of engine.catalog.list()) {
        const size = nameOnly ? 0 : sizesOf(view, collection).size;
        sizes.set(collection.db, (sizes.get(collection.db) ?? 0) + size);
      }
    });
    const described = [...sizes].map(([database, size]) =>
      doc(nameOnly ? { name: database } : { name: database, sizeOnDisk: BigInt(size), empty: false }),
    );
    const databases = filtered(described, invocation);
    if (nameOnly) return { body: doc({ databases }) };
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return { body: doc({ databases, totalSize: BigInt(total), totalSizeMb: BigInt(Math.floor(total / 2 ** 20)) }) };
  },
};
