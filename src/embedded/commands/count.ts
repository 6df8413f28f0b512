import { compileMatcher } from '../match';
import { execute, newExecution } from '../query';
import { countValue, doc, type Value } from '../values/value';
import { fieldsRead } from './find';
import { collectionName, collectionOf, countField, docField, withView, type Command } from './invocation';

export const count: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'fields'],
  refused: ['collation'],
  run(invocation) {
    const { body, db, deadline } = invocation;
    const filter = docField(body, 'count', 'query') ?? new Map<string, Value>();
    // A negative limit counts like a positive one, as in MongoDB.
    const limit = Math.abs(Number(body.get('limit') ?? 0));
    const query = { filter, limit, skip: countField(body, 'count', 'skip', 'Skip'), hint: body.get('hint') };
    compileMatcher(filter);
    const collection = collectionOf(invocation, `${db}.${collectionName(invocation)}`);
    let n = 0;
    if (collection)
      withView(invocation, (view) => {
        const rows = execute(view, collection, query, newExecution(deadline), { only: fieldsRead(query) });
        for (const row of rows) n += row.record > 0 ? 1 : 0;
      });
    return { body: doc({ n: countValue(n) }) };
  },
};
