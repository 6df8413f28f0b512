import { Kind, type FragmentDefinitionNode, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';
import type { Selection } from '../src/stores/projections';

type Mutable = Map<string, Mutable>;

/**
 * Adds the fields of a selection set, through its fragments, to those found before. What a directive leaves out is
 * counted in: reading a field too many is harmless.
 */
function collect(set: SelectionSetNode, fragments: Record<string, FragmentDefinitionNode>, into: Mutable): void {
  for (const node of set.selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments[node.name.value];
      if (fragment) collect(fragment.selectionSet, fragments, into);
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      collect(node.selectionSet, fragments, into);
    } else {
      const below = into.get(node.name.value) ?? new Map<string, Mutable>();
      into.set(node.name.value, below);
      if (node.selectionSet) collect(node.selectionSet, fragments, below);
    }
  }
}

/** graphql-js gives every item of a list the same array of field nodes, so that one selection serves all of them. */
function remembered(find: (info: GraphQLResolveInfo) => Selection): (info: GraphQLResolveInfo) => Selection {
  const known = new WeakMap<GraphQLResolveInfo['fieldNodes'], Selection>();
  return (info) => {
    const { fieldNodes } = info;
    const selection = known.get(fieldNodes) ?? find(info);
    known.set(fieldNodes, selection);
    return selection;
  };
}

function below({ fieldNodes, fragments }: GraphQLResolveInfo): Mutable {
  const selection: Mutable = new Map();
  for (const { selectionSet } of fieldNodes) if (selectionSet) collect(selectionSet, fragments, selection);
  return selection;
}

function merge(from: Selection | undefined, into: Mutable): Mutable {
  for (const [field, inner] of from ?? []) into.set(field, merge(inner, into.get(field) ?? new Map<string, Mutable>()));
  return into;
}

/** The fields selected below the field that is being resolved. */
export const selectionOf = remembered(below);

/** The fields selected of a connection's records, under `nodes` and under `edges { node }` together. */
export const nodeSelectionOf = remembered((info) => {
  const selection = below(info);
  return merge(selection.get('edges')?.get('node'), merge(selection.get('nodes'), new Map()));
});
