import { registerEnumType } from 'type-graphql';

export enum Role {
  READER = 'READER',
  TRAINER = 'TRAINER',
  ADMIN = 'ADMIN',
}

registerEnumType(Role, {
  name: 'Role',
  description: 'What a token allows. Each role may do what the ones before it may.',
  valuesConfig: {
    READER: { description: 'Queries and subscriptions.' },
    TRAINER: { description: 'Also everything that a training writes.' },
    ADMIN: { description: 'Also deletions, failStalledExperiments and the tokens themselves.' },
  },
});
