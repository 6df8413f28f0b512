import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { ensure } from '../errors';
import { doc } from '../values/value';
import { stringField, type Command } from './invocation';

/**
 * `{ copyData: 1, to: "/absolute/path.mdb" }` on admin: writes a compacted copy of the newest committed state, beside
 * running writes. A data directory that holds it as epochgraph.mdb serves it. MongoDB has no such command.
 */
export const copyData: Command = {
  fields: ['to'],
  async run({ body, db, engine }) {
    ensure(db === 'admin', 'Unauthorized', 'copyData may only be run against the admin database.');
    const to = stringField(body, 'copyData', 'to');
    ensure(to !== undefined && isAbsolute(to), 'BadValue', 'copyData needs an absolute path in the field to');
    ensure(!existsSync(to), 'BadValue', `copyData overwrites nothing, and ${to} exists`);
    await engine.store.copyTo(to);
    return { body: doc({ to }) };
  },
};
