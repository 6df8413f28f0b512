import { registerEnumType } from 'type-graphql';

export enum ChangeKind {
  CREATED = 'CREATED',
  UPDATED = 'UPDATED',
  DELETED = 'DELETED',
}

registerEnumType(ChangeKind, {
  name: 'ChangeKind',
  description: 'What happened to the record that an event is about.',
  valuesConfig: {
    CREATED: { description: 'It was stored for the first time.' },
    UPDATED: { description: 'A stored record changed.' },
    DELETED: { description: 'It was removed; the event carries its id and no record.' },
  },
});
