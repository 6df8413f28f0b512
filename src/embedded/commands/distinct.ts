import { compare } from '../values/compare';
import { groupKey } from '../values/keys';
import { valuesAtPath } from '../values/paths';
import { doc, type Value } from '../values/value';
import { eachRow } from './find';
import { docField, required, wrongType, type Command } from './invocation';

export const distinct: Command = {
  fields: ['key', 'query', 'hint'],
  refused: ['collation'],
  transactional: true,
  reads({ body }) {
    return {
      query: { filter: docField(body, 'distinct', 'query') ?? new Map<string, Value>(), hint: body.get('hint') },
    };
  },
  run(invocation) {
    const path = required(invocation.body, 'distinct', 'key');
    if (typeof path !== 'string') throw wrongType('distinct', 'key', path, 'string');
    const found = new Map<string, Value>();
    eachRow(
      invocation,
      distinct.reads!(invocation).query,
      (document) => {
        for (const value of valuesAtPath(document, path)) {
          const key = groupKey(value);
          if (!found.has(key)) found.set(key, value);
        }
      },
      path,
    );
    return { body: doc({ values: [...found.values()].sort(compare) }) };
  },
};
