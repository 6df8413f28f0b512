import { GraphQLError, print, type ValueNode } from 'graphql';

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The value as a person would write it in JSON, shortened; never throws. */
function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  if (value instanceof Date) return String(value);
  try {
    return shorten(JSON.stringify(value));
  } catch {
    return typeof value;
  }
}

function error(scalar: string, shown: string, expected: string, nodes?: ValueNode): GraphQLError {
  return new GraphQLError(`${scalar} can't be ${shown}: it takes ${expected}.`, {
    ...(nodes ? { nodes } : {}),
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** The error for a variable's value (or a stored value) that a scalar can't represent. */
export function invalidValue(scalar: string, value: unknown, expected: string): GraphQLError {
  return error(scalar, show(value), expected);
}

/** The error for a literal in the document that a scalar can't represent; it carries the place. */
export function invalidLiteral(scalar: string, node: ValueNode, expected: string): GraphQLError {
  return error(scalar, shorten(print(node)), expected, node);
}
