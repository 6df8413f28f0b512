import { Kind, type ArgumentNode, type OperationDefinitionNode, type ValueNode } from 'graphql';

export type Variables = Readonly<Record<string, unknown>> | null | undefined;

/**
 * What the arguments of an operation's fields say, with variables and their defaults in place, before anything coerces
 * them: values of a wrong type are as good as none here, since their own place refuses them.
 */
export class GivenArguments {
  constructor(
    private readonly operation: OperationDefinitionNode,
    private readonly variables: Variables,
  ) {}

  /** A whole number; undefined where none was given. */
  number(args: readonly ArgumentNode[], name: string): number | undefined {
    const value = this.value(args, name);
    return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
  }

  /** The length of a list; a single value is a list of one. Undefined where none was given. */
  length(args: readonly ArgumentNode[], name: string): number | undefined {
    const value = this.value(args, name);
    if (value === undefined || value === null) return undefined;
    return Array.isArray(value) ? value.length : 1;
  }

  private value(args: readonly ArgumentNode[], name: string): unknown {
    const node = args.find((one) => one.name.value === name)?.value;
    return node && this.valueOf(node);
  }

  private valueOf(node: ValueNode): unknown {
    switch (node.kind) {
      case Kind.INT:
        return Number(node.value);
      case Kind.NULL:
        return null;
      case Kind.LIST:
        return node.values;
      case Kind.VARIABLE: {
        const name = node.name.value;
        if (this.variables && Object.hasOwn(this.variables, name)) return this.variables[name];
        const definition = this.operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
        return definition?.defaultValue && this.valueOf(definition.defaultValue);
      }
      default:
        return node;
    }
  }
}
