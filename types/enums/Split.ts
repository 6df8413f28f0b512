import { registerEnumType } from 'type-graphql';

export enum Split {
  TRAIN = 'train',
  VAL = 'val',
  TEST = 'test',
}

registerEnumType(Split, {
  name: 'Split',
  description: 'The part of a challenge that a subject belongs to.',
  valuesConfig: {
    TRAIN: { description: 'Used to fit the model.' },
    VAL: { description: 'Used to choose between models and epochs.' },
    TEST: { description: 'Held out to the end.' },
  },
});
