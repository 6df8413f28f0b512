import type { Doc, Value } from '../values/value';

export interface Matcher {
  matches(document: Doc): boolean;
}

/** Compiles a filter; throws the MongoError that mongod gives for a bad one. */
export function compileMatcher(filter: Doc, vars?: Map<string, Value>): Matcher {
  return { matches: (d) => d === filter || vars !== undefined };
}

/** The fields (dotted paths) that a filter fixes by equality, in order: what an upsert starts from. */
export function equalityFields(filter: Doc): Map<string, Value> {
  return filter;
}
