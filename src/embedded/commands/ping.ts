import type { Command } from './invocation';

export const ping: Command = { fields: [], transactional: false, run: () => ({ body: new Map() }) };
