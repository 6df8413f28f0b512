import { registerEnumType } from 'type-graphql';

export enum Handedness {
  R = 'R',
  L = 'L',
  A = 'A',
}

registerEnumType(Handedness, {
  name: 'Handedness',
  description:
    'Handedness by the Edinburgh Handedness Inventory, whose total runs from -100 (left) to +100 (right); ' +
    'Oldfield 1971, Neuropsychologia 9(1).',
  valuesConfig: {
    R: { description: 'Right: a total above +40.' },
    L: { description: 'Left: a total below -40.' },
    A: { description: 'Ambidextrous: a total from -40 to +40.' },
  },
});
