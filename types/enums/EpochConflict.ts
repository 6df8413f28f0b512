import { registerEnumType } from 'type-graphql';

export enum EpochConflict {
  REPLACE = 'REPLACE',
  KEEP = 'KEEP',
  ERROR = 'ERROR',
}

registerEnumType(EpochConflict, {
  name: 'EpochConflict',
  description: 'What to do when the epoch is stored already with other content. Equal content is never a conflict.',
  valuesConfig: {
    REPLACE: { description: "The new content takes the stored epoch's place." },
    KEEP: { description: 'The stored epoch stays as it is; the outcome is UNCHANGED.' },
    ERROR: { description: 'The call fails with CONFLICT, and the stored epoch stays as it is.' },
  },
});
