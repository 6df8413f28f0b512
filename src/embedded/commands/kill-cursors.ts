import { doc, type Value } from '../values/value';
import { collectionName, wrongType, type Command } from './invocation';

export const killCursors: Command = {
  fields: ['cursors'],
  transactional: true,
  run(invocation) {
    const { body, engine, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const ids = body.get('cursors');
    if (!Array.isArray(ids)) throw wrongType('killCursors', 'cursors', ids ?? null, 'array');
    const [killed, missing]: [Value[], Value[]] = [[], []];
    for (const id of ids) {
      if (typeof id !== 'bigint') throw wrongType('killCursors', 'cursors', id, 'long');
      (engine.cursors.has(id, ns) && engine.cursors.kill(id) ? killed : missing).push(id);
    }
    return { body: doc({ cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] }) };
  },
};
