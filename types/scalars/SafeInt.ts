import { GraphQLScalarType, Kind } from 'graphql';
import { invalidLiteral, invalidValue } from './invalid';

const EXPECTED = 'an integer from -9007199254740991 to 9007199254740991';

/** An integer past GraphQL's 32-bit `Int` that an IEEE 754 double still holds exactly. */
export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description:
    'An integer that a double holds exactly: from -(2^53 - 1) to 2^53 - 1. For parameter counts, steps and window ' +
    'counts, which outgrow the 32 bits of `Int`. Example: `3000000000`.',
  serialize(value) {
    if (Number.isSafeInteger(value)) return value as number;
    throw invalidValue('SafeInt', value, EXPECTED);
  },
  parseValue(value) {
    if (Number.isSafeInteger(value)) return value as number;
    throw invalidValue('SafeInt', value, EXPECTED);
  },
  parseLiteral(node) {
    const value = node.kind === Kind.INT ? Number(node.value) : NaN;
    if (!Number.isSafeInteger(value)) throw invalidLiteral('SafeInt', node, EXPECTED);
    return value;
  },
});
