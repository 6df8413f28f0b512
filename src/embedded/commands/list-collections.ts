import { describeIndex, type Collection } from '../storage/catalog';
import { doc, type Doc } from '../values/value';
import { boolField, type Command } from './invocation';
import { filtered, listed } from './listing';

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
