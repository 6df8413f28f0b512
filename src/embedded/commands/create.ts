import { createCollection } from './create-indexes';
import { collectionName, refuse, type Command } from './invocation';

const REFUSED = [
  'capped',
  'size',
  'max',
  'validator',
  'validationLevel',
  'validationAction',
  'viewOn',
  'pipeline',
  'collation',
  'timeseries',
  'expireAfterSeconds',
  'clusteredIndex',
  'changeStreamPreAndPostImages',
  'encryptedFields',
  'storageEngine',
  'indexOptionDefaults',
  'temp',
];

export const create: Command = {
  fields: ['idIndex', ...REFUSED],
  async run(invocation) {
    refuse(invocation.body, 'create', [...REFUSED, 'idIndex']);
    await createCollection(invocation.engine, invocation.db, collectionName(invocation));
    return { body: new Map() };
  },
};
