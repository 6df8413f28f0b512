import { MAX_DOCUMENT_BYTES } from '../values/codec';
import { doc, int } from '../values/value';
import type { Command } from './invocation';

/** The version of MongoDB whose answers are given. */
export const VERSION = '7.0.0';

export const buildInfo: Command = {
  fields: [],
  run: () => ({
    body: doc({
      version: VERSION,
      gitVersion: 'epochgraph-embedded',
      modules: ['epochgraph-embedded'],
      sysInfo: 'deprecated',
      versionArray: [7, 0, 0, 0].map(int),
      bits: int(64),
      debug: false,
      maxBsonObjectSize: int(MAX_DOCUMENT_BYTES),
      storageEngines: ['lmdb'],
      javascriptEngine: 'none',
      openssl: doc({ running: 'none' }),
    }),
  }),
};
