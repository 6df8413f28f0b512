import { wrongType, type Command } from './invocation';

export const endSessions: Command = {
  fields: [],
  run({ body, engine, name }) {
    const list = body.get(name);
    if (!Array.isArray(list)) throw wrongType(name, name, list ?? null, 'array');
    for (const lsid of list) engine.sessions.end(lsid);
    return { body: new Map() };
  },
};
