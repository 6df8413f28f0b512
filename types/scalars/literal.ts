import { GraphQLError, Kind, type ValueNode } from 'graphql';

/** Own properties only, `__proto__` among them: a key of the client's never reaches an object's prototype. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * The JSON value that a literal stands for. Variables inside are replaced by their values.
 * Throws BAD_USER_INPUT for a number that doesn't fit a double and for an integer that a double would round.
 */
export function literalToJson(node: ValueNode, variables: Record<string, unknown> | null | undefined): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT: {
      const value = Number(node.value);
      if (!Number.isFinite(value)) throw unfit(node, `${node.value} doesn't fit a double.`);
      if (node.kind === Kind.INT && !Number.isSafeInteger(value)) {
        throw unfit(node, `${node.value} is past 2^53 and would be rounded; write it as a string.`);
      }
      return value;
    }
    case Kind.LIST:
      return node.values.map((item) => literalToJson(item, variables));
    case Kind.OBJECT: {
      const object: Record<string, unknown> = {};
      for (const field of node.fields) setOwn(object, field.name.value, literalToJson(field.value, variables));
      return object;
    }
    case Kind.VARIABLE:
      return variables?.[node.name.value];
  }
}

function unfit(node: ValueNode, message: string): GraphQLError {
  return new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } });
}
