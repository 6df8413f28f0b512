import { MongoError } from '../errors';
import { compileMatcher } from '../match';
import { execute, newExecution } from '../query';
import { compare } from '../values/compare';
import { groupKey } from '../values/keys';
import { valuesAtPath } from '../values/paths';
import { doc, type Value } from '../values/value';
import { collectionName, docField, openView, refuse, stringField, type Command } from './invocation';

export const distinct: Command = {
  fields: ['key', 'query', 'hint', 'collation'],
  transactional: true,
  run(invocation) {
    const { body, db, engine, transaction } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    refuse(body, 'distinct', ['collation']);
    const path = stringField(body, 'distinct', 'key');
    if (path === undefined) throw new MongoError(40414, "BSON field 'distinct.key' is missing but a required field");
    const filter = docField(body, 'distinct', 'query') ?? new Map<string, Value>();
    compileMatcher(filter);
    const collection = transaction?.batch.collection(ns) ?? engine.catalog.get(ns);
    if (collection === undefined) return { body: doc({ values: [] }) };
    const { view, release } = openView(invocation);
    try {
      const found = new Map<string, Value>();
      const query = { filter, hint: body.get('hint') };
      for (const row of execute(view, collection, query, newExecution(invocation.deadline))) {
        for (const value of valuesAtPath(row.document, path)) {
          const key = groupKey(value);
          if (!found.has(key)) found.set(key, value);
        }
      }
      return { body: doc({ values: [...found.values()].sort(compare) }) };
    } finally {
      release();
    }
  },
};
