import { GraphQLScalarType } from 'graphql';
import { invalidLiteral, invalidValue } from './invalid';
import { literalToJson } from './literal';

const EXPECTED = 'a JSON object, such as {"batch_size": 16}';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Any JSON object. What may be stored of it (depth, key names, integers) is checked where it is stored. */
export const JSONObject = new GraphQLScalarType<Record<string, unknown>, Record<string, unknown>>({
  name: 'JSONObject',
  description:
    'Any JSON object, such as `{"batch_size": 16, "scheduler": {"gamma": 0.9}}`. Keys and values come back as they ' +
    'were given. Integers past 2^53 are refused (write them as strings), as is nesting deeper than 50.',
  serialize(value) {
    if (isObject(value)) return value;
    throw invalidValue('JSONObject', value, EXPECTED);
  },
  parseValue(value) {
    if (isObject(value)) return value;
    throw invalidValue('JSONObject', value, EXPECTED);
  },
  parseLiteral(node, variables) {
    const value = literalToJson(node, variables);
    if (!isObject(value)) throw invalidLiteral('JSONObject', node, EXPECTED);
    return value;
  },
});
