import { registerEnumType } from 'type-graphql';

export enum OrderDirection {
  ASC = 1,
  DESC = -1,
}

registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Which end comes first. Missing, null and NaN values come last in either direction.',
  valuesConfig: {
    ASC: { description: 'Smallest, earliest or alphabetically first value first.' },
    DESC: { description: 'Largest, latest or alphabetically last value first.' },
  },
});
