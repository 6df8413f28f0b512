import { registerEnumType } from 'type-graphql';

export enum WriteOutcome {
  CREATED = 'CREATED',
  REPLACED = 'REPLACED',
  UNCHANGED = 'UNCHANGED',
}

registerEnumType(WriteOutcome, {
  name: 'WriteOutcome',
  description: 'What a write found and did.',
  valuesConfig: {
    CREATED: { description: 'Nothing was stored there before.' },
    REPLACED: { description: "Other content was stored there; the call's content took its place." },
    UNCHANGED: {
      description:
        'The same content was stored already (a retry, say), or the stored content was to be kept. No write.',
    },
  },
});
