import { registerEnumType } from 'type-graphql';

export enum OrderDirection {
  ASC = 1,
  DESC = -1,
}

registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Which end comes first. Missing, null, NaN and ill-typed values come last in either direction.',
  valuesConfig: {
    ASC: { description: 'Smallest number, earliest time, or first text by Unicode code points first.' },
    DESC: { description: 'Largest number, latest time, or last text by Unicode code points first.' },
  },
});
