import { randomBytes } from 'node:crypto';
import { SESSION_TIMEOUT_MINUTES } from '../session';
import { Binary, doc, int } from '../values/value';
import { wrongType, type Command } from './invocation';

export const startSession: Command = {
  fields: [],
  run({ engine }) {
    const id = doc({ id: new Binary(randomBytes(16), Binary.SUBTYPE_UUID) });
    engine.sessions.use(id);
    return { body: doc({ id, timeoutMinutes: int(SESSION_TIMEOUT_MINUTES) }) };
  },
};

export const endSessions: Command = {
  fields: [],
  run({ body, engine, name }) {
    const list = body.get(name);
    if (!Array.isArray(list)) throw wrongType(name, name, list ?? null, 'array');
    for (const lsid of list) engine.sessions.end(lsid);
    return { body: new Map() };
  },
};
