import { MAX_DOCUMENT_BYTES } from '../storage/records';
import { doc, int, type Value } from '../values/value';
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
      versionArray: VERSION.split('.')
        .map((part): Value => int(Number(part)))
        .concat(int(0)),
      bits: int(64),
      debug: false,
      maxBsonObjectSize: int(MAX_DOCUMENT_BYTES),
      storageEngines: ['lmdb'],
      javascriptEngine: 'none',
      openssl: doc({ running: 'none' }),
    }),
  }),
};
