import { compileMatcher } from '../match';
import { describeIndex, type Collection } from '../storage/catalog';
import { doc, type Doc } from '../values/value';
import { boolField, docField, type Command } from './invocation';
import { listed } from './listed';

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

function describe(collection: Collection, nameOnly: boolean): Doc {
  const base = { name: collection.name, type: 'collection' };
  if (nameOnly) return doc(base);
  const info = doc({ readOnly: false, uuid: collection.uuid });
  const [idIndex] = collection.indexes;
  return doc({ ...base, options: new Map(), info, idIndex: idIndex && describeIndex(idIndex) });
}
