import type { Doc, Value } from './value';

/** The multikey entries of a document for an index. */
export function indexKeyValues(document: Doc, paths: string[]): (Value | undefined)[][] {
  return paths.map((path) => [document.get(path)]);
}
