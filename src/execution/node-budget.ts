import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { GivenArguments, type Variables } from './given-arguments';
import { assertSizesKnown, isConnection, sizeOf, type SizeOf } from './list-sizes';

/** How many nodes an operation may come to with these variables. */
export type NodeCount = (variables: Variables) => number;

/** A field that counts, or that multiplies what is below it. */
interface Step {
  /** How many objects one object above has here. */
  size: SizeOf;
  /** What each of them counts by itself. */
  own: number;
  below: readonly Step[];
}

/**
 * What the operations of a valid document may come to, known before anything is read. Counted are, through all nesting:
 * each record (what implements Node); each item of a list; a page as large as `first` or `last` says, or its default, once
 * for `nodes` and once for `edges`; a list of ids as long as it is; 100 points of a series; and a field without arguments
 * that is asked for again under another name. What a page or list may not hold is left to its resolver to refuse.
 *
 * Throws for a schema in which the size of a list is not known.
 */
export function createNodeBudget(
  schema: GraphQLSchema,
): (document: DocumentNode, operation: OperationDefinitionNode) => NodeCount {
  assertSizesKnown(schema);
  return (document, operation) => {
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    }
    const root = schema.getRootType(operation.operation);
    const steps = root ? new Reading(schema, fragments).below(root, [operation.selectionSet]) : [];
    const count: NodeCount = (variables) => totalOf(steps, new GivenArguments(operation, variables));
    if (operation.variableDefinitions?.length) return count;
    const fixed = count(null);
    return () => fixed;
  };
}

function totalOf(steps: readonly Step[], given: GivenArguments): number {
  let total = 0;
  for (const { size, own, below } of steps) total += size(given) * (own + totalOf(below, given));
  return total;
}

const single: SizeOf = () => 1;

/** The fields of one type that have one name in the answer, and are one there. */
interface Chosen {
  parent: GraphQLCompositeType;
  nodes: FieldNode[];
}

/** Turns selections into steps. */
class Reading {
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  ) {}

  below(type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): Step[] {
    const chosen = new Map<string, Chosen>();
    this.collect(type, sets, chosen, new Set());
    const before = new Set<string>();
    return [...chosen.values()].flatMap(({ parent, nodes }) => {
      const name = nodes[0]!.name.value;
      const field = 'getFields' in parent ? parent.getFields()[name] : undefined;
      if (!field) return [];
      const isAgain = field.args.length === 0 && before.has(`${parent.name}.${name}`);
      before.add(`${parent.name}.${name}`);
      return this.step(parent, field, nodes, isAgain) ?? [];
    });
  }

  private step(
    parent: GraphQLCompositeType,
    field: GraphQLField<unknown, unknown>,
    nodes: readonly FieldNode[],
    isAgain: boolean,
  ): Step | undefined {
    const type = getNamedType(field.type);
    if (!isCompositeType(type)) return isAgain ? { size: single, own: 1, below: [] } : undefined;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const below = this.below(type, sets);
    const size = sizeOf(parent.name, field, nodes[0]!.arguments ?? []);
    // A page counts by its `nodes` and `edges`; one of which neither is asked for is read all the same.
    if (isConnection(type.name)) return { size: size!, own: below.some(({ own }) => own > 0) ? 0 : 1, below };
    if (size) return { size, own: 1, below };
    const isRecord = isAbstractType(type) || type.getInterfaces().some(({ name }) => name === 'Node');
    const isCounted = isAgain || (isRecord && !parent.name.endsWith('Edge'));
    return { size: single, own: isCounted ? 1 : 0, below };
  }

  private collect(
    parent: GraphQLCompositeType,
    sets: readonly SelectionSetNode[],
    into: Map<string, Chosen>,
    seen: Set<string>,
  ): void {
    for (const node of sets.flatMap(({ selections }) => selections)) {
      if (node.kind === Kind.FIELD) {
        const key = `${parent.name} ${(node.alias ?? node.name).value}`;
        const chosen = into.get(key);
        if (chosen) chosen.nodes.push(node);
        else into.set(key, { parent, nodes: [node] });
        continue;
      }
      let fragment: FragmentDefinitionNode | InlineFragmentNode | undefined;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const key = `${parent.name} ${node.name.value}`;
        if (seen.has(key)) continue;
        seen.add(key);
        fragment = this.fragments.get(node.name.value);
      } else fragment = node;
      if (!fragment) continue;
      this.collect(this.narrowed(parent, fragment.typeCondition?.name.value), [fragment.selectionSet], into, seen);
    }
  }

  /** The type that a fragment's fields are of: an interface leaves it as it was. */
  private narrowed(parent: GraphQLCompositeType, condition: string | undefined): GraphQLCompositeType {
    const type = condition === undefined ? undefined : this.schema.getType(condition);
    return isCompositeType(type) && !isAbstractType(type) ? type : parent;
  }
}
