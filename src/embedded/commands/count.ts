import { countValue, doc, type Value } from '../values/value';
import { eachRow } from './find';
import { countField, docField, type Command } from './invocation';

export const count: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'fields'],
  refused: ['collation'],
  reads({ body }) {
    const filter = docField(body, 'count', 'query') ?? new Map<string, Value>();
    // A negative limit counts like a positive one, as in MongoDB.
    const limit = Math.abs(Number(body.get('limit') ?? 0));
    return { query: { filter, limit, skip: countField(body, 'count', 'skip', 'Skip'), hint: body.get('hint') } };
  },
  run(invocation) {
    let n = 0;
    eachRow(invocation, count.reads!(invocation).query, () => n++);
    return { body: doc({ n: countValue(n) }) };
  },
};
