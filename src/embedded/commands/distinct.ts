import { compileMatcher } from '../match';
import { execute, newExecution } from '../query';
import { compare } from '../values/compare';
import { groupKey } from '../values/keys';
import { valuesAtPath } from '../values/paths';
import { doc, type Value } from '../values/value';
import { collectionName, collectionOf, docField, required, withView, wrongType, type Command } from './invocation';

export const distinct: Command = {
  fields: ['key', 'query', 'hint'],
  refused: ['collation'],
  transactional: true,
  run(invocation) {
    const { body, db, deadline } = invocation;
    const path = required(body, 'distinct', 'key');
    if (typeof path !== 'string') throw wrongType('distinct', 'key', path, 'string');
    const query = { filter: docField(body, 'distinct', 'query') ?? new Map<string, Value>(), hint: body.get('hint') };
    compileMatcher(query.filter);
    const collection = collectionOf(invocation, `${db}.${collectionName(invocation)}`);
    const found = new Map<string, Value>();
    if (collection)
      withView(invocation, (view) => {
        for (const row of execute(view, collection, query, newExecution(deadline))) {
          for (const value of valuesAtPath(row.document, path)) {
            const key = groupKey(value);
            if (!found.has(key)) found.set(key, value);
          }
        }
      });
    return { body: doc({ values: [...found.values()].sort(compare) }) };
  },
};
