import {
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type ParseOptions,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { ApiError } from '../errors';

/** Lexical tokens of a document. A parser that recurses needs a bound before it begins. */
export const MAX_TOKENS = 10_000;
/** Fields inside fields. The deepest sensible question of this schema is about 15 deep. */
export const MAX_DEPTH = 50;

/** How every transport parses documents. */
export const PARSE_OPTIONS: ParseOptions = { maxTokens: MAX_TOKENS };

/** The depth of a selection set, through its fragments; counts no further than one past the limit. */
function depthOf(
  set: SelectionSetNode,
  fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined,
  depth: number,
  inside: ReadonlySet<string>,
): number {
  if (depth > MAX_DEPTH) return depth;
  let deepest = depth;
  for (const node of set.selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = inside.has(node.name.value) ? undefined : fragmentOf(node.name.value);
      if (!fragment) continue;
      const names = new Set(inside).add(node.name.value);
      deepest = Math.max(deepest, depthOf(fragment.selectionSet, fragmentOf, depth, names));
    } else if (node.selectionSet) {
      const step = node.kind === Kind.FIELD ? 1 : 0;
      deepest = Math.max(deepest, depthOf(node.selectionSet, fragmentOf, depth + step, inside));
    }
    if (deepest > MAX_DEPTH) break;
  }
  return deepest;
}

/** A validation rule: LIMIT_EXCEEDED for an operation nested deeper than MAX_DEPTH. */
export function depthRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      const depth = depthOf(operation.selectionSet, (name) => context.getFragment(name), 1, new Set());
      if (depth <= MAX_DEPTH) return undefined;
      context.reportError(new ApiError('LIMIT_EXCEEDED', `The operation nests fields deeper than ${MAX_DEPTH}.`));
      return false;
    },
  };
}
