import { registerEnumType } from 'type-graphql';

export enum Sex {
  F = 'F',
  M = 'M',
}

registerEnumType(Sex, {
  name: 'Sex',
  description: "The subject's sex as the participants table gives it.",
  valuesConfig: { F: { description: 'Female.' }, M: { description: 'Male.' } },
});
