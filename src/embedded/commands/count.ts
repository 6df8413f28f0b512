import { compileMatcher } from '../match';
import { execute, newExecution } from '../query';
import { doc, type Value } from '../values/value';
import { fieldsRead } from './find';
import { collectionName, countField, countValue, docField, openView, refuse, type Command } from './invocation';

export const count: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'],
  run(invocation) {
    const { body, engine, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    refuse(body, 'count', ['collation']);
    const filter = docField(body, 'count', 'query') ?? new Map<string, Value>();
    // A negative limit counts like a positive one, as in MongoDB.
    const limit = body.get('limit');
    const query = {
      filter,
      limit: Math.abs(Number(limit ?? 0)),
      skip: countField(body, 'count', 'skip', 'Skip'),
      hint: body.get('hint'),
    };
    compileMatcher(filter);
    const collection = engine.catalog.get(ns);
    if (collection === undefined) return { body: doc({ n: countValue(0) }) };
    const { view, release } = openView(invocation);
    try {
      let n = 0;
      const rows = execute(view, collection, query, newExecution(invocation.deadline), { only: fieldsRead(query) });
      for (const row of rows) n += row.record > 0 ? 1 : 0;
      return { body: doc({ n: countValue(n) }) };
    } finally {
      release();
    }
  },
};
