import { randomBytes } from 'node:crypto';
import { SESSION_TIMEOUT_MINUTES } from '../session';
import { Binary, doc, int } from '../values/value';
import type { Command } from './invocation';

export const startSession: Command = {
  fields: [],
  run({ engine }) {
    const id = doc({ id: new Binary(randomBytes(16), Binary.SUBTYPE_UUID) });
    engine.sessions.use(id);
    return { body: doc({ id, timeoutMinutes: int(SESSION_TIMEOUT_MINUTES) }) };
  },
};
