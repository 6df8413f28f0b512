import { IterableSource } from '../cursors';
import { ensure } from '../errors';
import { compileMatcher } from '../match';
import { describeIndex, type Collection } from '../storage/catalog';
import { encode } from '../values/codec';
import { doc, type Doc, type Value } from '../values/value';
import { firstBatch } from './find';
import { boolField, collectionName, countField, docField, withView } from './invocation';
import type { Command, Invocation, Reply } from './invocation';
import { sizesOf } from './stats';

/** Answers a cursor over documents that are all there already. */
function listed(invocation: Invocation, ns: string, documents: Doc[]): Reply {
  const cursor = docField(invocation.body, invocation.name, 'cursor') ?? new Map<string, Value>();
  const batchSize = countField(cursor, `${invocation.name}.cursor`, 'batchSize') ?? Infinity;
  const source = new IterableSource(documents.map(encode));
  return firstBatch(invocation, ns, source, batchSize, false);
}

function filtered(documents: Doc[], { body, name }: Invocation): Doc[] {
  return documents.filter(compileMatcher(docField(body, name, 'filter') ?? new Map<string, Value>()));
}

export const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
  run(invocation) {
    const { body, engine, db, name } = invocation;
    const nameOnly = boolField(body, name, 'nameOnly') ?? false;
    const described = engine.catalog.list(db).map((collection) => describe(collection, nameOnly));
    return listed(invocation, `${db}.$cmd.listCollections`, filtered(described, invocation));
  },
};

function describe({ name, uuid, indexes }: Collection, nameOnly: boolean): Doc {
  const base = { name, type: 'collection' };
  if (nameOnly) return doc(base);
  return doc({
    ...base,
    options: new Map(),
    info: doc({ readOnly: false, uuid }),
    idIndex: describeIndex(indexes[0]!),
  });
}

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

export const listIndexes: Command = {
  fields: ['cursor'],
  run(invocation) {
    const { engine, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const collection = engine.catalog.get(ns);
    ensure(collection, 'NamespaceNotFound', `ns does not exist: ${ns}`);
    return listed(invocation, ns, collection.indexes.map(describeIndex));
  },
};
