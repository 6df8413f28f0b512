import { IterableSource } from '../cursors';
import { mongoError } from '../errors';
import { compileMatcher } from '../match';
import { describeIndex, type Collection } from '../storage/catalog';
import type { View } from '../storage/view';
import { encode } from '../values/codec';
import { doc, type Doc } from '../values/value';
import { firstBatch } from './find';
import { sizesOf } from './statistics';
import {
  boolField,
  collectionName,
  countField,
  docField,
  openView,
  type Command,
  type Invocation,
  type Reply,
} from './invocation';

export const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
  run(invocation) {
    const { body, engine, db } = invocation;
    const nameOnly = boolField(body, 'listCollections', 'nameOnly') ?? false;
    const filter = docField(body, 'listCollections', 'filter');
    const described = engine.catalog.list(db).map((collection) => describe(collection, nameOnly));
    const matcher = filter && compileMatcher(filter);
    return listed(
      invocation,
      `${db}.$cmd.listCollections`,
      matcher ? described.filter((d) => matcher.matches(d)) : described,
    );
  },
};

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

function describe(collection: Collection, nameOnly: boolean): Doc {
  const base = { name: collection.name, type: 'collection' };
  if (nameOnly) return doc(base);
  const info = doc({ readOnly: false, uuid: collection.uuid });
  const [idIndex] = collection.indexes;
  return doc({ ...base, options: new Map(), info, idIndex: idIndex && describeIndex(idIndex) });
}

function listed(invocation: Invocation, ns: string, documents: Doc[]): Reply {
  const cursor = docField(invocation.body, invocation.name, 'cursor') ?? new Map();
  const batchSize = countField(cursor as Doc, `${invocation.name}.cursor`, 'batchSize') ?? Infinity;
  const source = new IterableSource(
    documents.map((d) => encode(d)),
    () => undefined,
  );
  return firstBatch(invocation, ns, source, batchSize, false);
}
