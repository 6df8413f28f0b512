import { GraphQLScalarType } from 'graphql';
import { literalToJson } from './literal';

/** Any JSON value. Variables come as JSON already; literals are read as the JSON that they stand for. */
export const JSONValue = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value: text, a number, true, false, null, a list or an object, such as `"cpu"` or `[1, 2]`.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: literalToJson,
});
