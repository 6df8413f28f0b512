import { compileMatcher } from '../match';
import type { Collection } from '../storage/catalog';
import type { View } from '../storage/view';
import { doc } from '../values/value';
import { boolField, docField, openView, type Command } from './invocation';
import { sizesOf } from './sizes';

export const listDatabases: Command = {
  fields: ['filter', 'nameOnly', 'authorizedDatabases'],
  run(invocation) {
    const { body, engine } = invocation;
    const nameOnly = boolField(body, 'listDatabases', 'nameOnly') ?? false;
    const filter = docField(body, 'listDatabases', 'filter');
    const matcher = filter && compileMatcher(filter);
    const names = [...new Set(engine.catalog.list().map((collection) => collection.db))];
    const { view, release } = openView(invocation);
    try {
      const sizes = names.map((name) => (nameOnly ? 0 : sizeOf(engine.catalog.list(name), view)));
      const databases = names
        .map((name, i) => doc(nameOnly ? { name } : { name, sizeOnDisk: BigInt(sizes[i] ?? 0), empty: false }))
        .filter((d) => matcher === undefined || matcher.matches(d));
      if (nameOnly) return { body: doc({ databases }) };
      const total = sizes.reduce((sum, size) => sum + size, 0);
      return { body: doc({ databases, totalSize: BigInt(total), totalSizeMb: BigInt(Math.floor(total / 2 ** 20)) }) };
    } finally {
      release();
    }
  },
};

function sizeOf(collections: Collection[], view: View): number {
  return collections.reduce((sum, collection) => sum + sizesOf(view, collection).size, 0);
}
