import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ApiError } from '../errors';
import { figureOf, type Limits } from '../limits';

/** The limits that a document can be held to before anything else reads it. */
export type DocumentLimits = Pick<Limits, 'depth' | 'fields' | 'aliases' | 'directives' | 'rootFields' | 'fragments'>;

type Counted = 'fields' | 'aliases' | 'directives';

const WORDS: Readonly<Record<keyof DocumentLimits, string>> = {
  depth: 'nests fields deeper than',
  fields: 'has, with its fragments spread out, more fields than',
  aliases: 'has more aliases than',
  directives: 'has more directives than',
  rootFields: 'has more fields of the root type in one operation than',
  fragments: 'defines more fragments than',
};

/**
 * LIMIT_EXCEEDED for a document past one of the limits; undefined for any other. To be called before the document is
 * validated: the rules of graphql-js take time by the square of what they find, and fragments that spread fragments
 * double with each step. This walk ends at the first limit, so that it takes no longer than the largest document that is
 * let through. What a document spreads in a circle is left to validation.
 */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): ApiError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  let defined = 0;
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) {
      defined += 1;
      fragments.set(node.name.value, node);
    } else if (node.kind === Kind.OPERATION_DEFINITION) operations.push(node);
  }
  const excess =
    defined > limits.fragments
      ? 'fragments'
      : new Walk(fragments, limits).excessOf(operations, [...fragments.values()]);
  return (
    excess &&
    new ApiError('LIMIT_EXCEEDED', `The document ${WORDS[excess]} the limit of ${figureOf(excess, limits[excess])}.`)
  );
}

class Walk {
  private readonly counts: Record<Counted, number> = { fields: 0, aliases: 0, directives: 0 };
  private readonly spread = new Set<string>();
  private rootFields = 0;

  constructor(
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly limits: DocumentLimits,
  ) {}

  /** The first limit that the operations are past, or the fragments that none of them spreads. */
  excessOf(
    operations: readonly OperationDefinitionNode[],
    fragments: readonly FragmentDefinitionNode[],
  ): keyof DocumentLimits | undefined {
    for (const operation of operations) {
      const placed = [operation, ...(operation.variableDefinitions ?? [])];
      const excess = this.firstOf(placed) ?? this.root(operation.selectionSet);
      if (excess) return excess;
    }
    for (const fragment of fragments) {
      const excess = this.spread.has(fragment.name.value) ? undefined : this.into(fragment.selectionSet, 1, []);
      if (excess) return excess;
    }
    return undefined;
  }

  private root(set: SelectionSetNode): keyof DocumentLimits | undefined {
    this.rootFields = 0;
    return this.into(set, 1, []) ?? (this.rootFields > this.limits.rootFields ? 'rootFields' : undefined);
  }

  private into(set: SelectionSetNode, depth: number, inside: readonly string[]): keyof DocumentLimits | undefined {
    if (depth > this.limits.depth) return 'depth';
    for (const node of set.selections) {
      let excess: keyof DocumentLimits | undefined = this.add('fields', 1) ?? this.direct(node);
      if (excess) return excess;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const name = node.name.value;
        const fragment = this.fragments.get(name);
        if (!fragment || inside.includes(name)) continue;
        this.spread.add(name);
        excess = this.direct(fragment) ?? this.into(fragment.selectionSet, depth, [...inside, name]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        excess = this.into(node.selectionSet, depth, inside);
      } else {
        if (depth === 1) this.rootFields += 1;
        excess = this.add('aliases', node.alias ? 1 : 0);
        if (!excess && node.selectionSet) excess = this.into(node.selectionSet, depth + 1, inside);
      }
      if (excess) return excess;
    }
    return undefined;
  }

  private firstOf(nodes: readonly { directives?: readonly unknown[] | undefined }[]): Counted | undefined {
    for (const node of nodes) {
      const excess = this.direct(node);
      if (excess) return excess;
    }
    return undefined;
  }

  private direct({ directives }: { directives?: readonly unknown[] | undefined }): Counted | undefined {
    return this.add('directives', directives?.length ?? 0);
  }

  private add(what: Counted, count: number): Counted | undefined {
    this.counts[what] += count;
    return this.counts[what] > this.limits[what] ? what : undefined;
  }
}
