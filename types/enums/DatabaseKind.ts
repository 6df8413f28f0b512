import { registerEnumType } from 'type-graphql';

export enum DatabaseKind {
  EMBEDDED = 'EMBEDDED',
  MONGODB = 'MONGODB',
}

registerEnumType(DatabaseKind, {
  name: 'DatabaseKind',
  description: 'Where the records are kept.',
  valuesConfig: {
    EMBEDDED: {
      description: "The server's own embedded database, in its data folder: for one machine and first looks.",
    },
    MONGODB: { description: 'A MongoDB replica set or sharded cluster, named by MONGODB_URI.' },
  },
});
