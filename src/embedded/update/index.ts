import type { Doc, Value } from '../values/value';

export interface UpdateContext {
  now: Date;
  filter: Doc;
  isUpsertInsert: boolean;
  arrayFilters?: Doc[];
}
export interface UpdateResult {
  after: Doc;
  changed: boolean;
  description: { updatedFields: Doc; removedFields: string[]; truncatedArrays: Doc[] };
}
export interface Update {
  /** True when the update replaces the document as a whole. */
  readonly isReplacement: boolean;
  apply(before: Doc | null, context: UpdateContext): UpdateResult;
}

/** Compiles an update document. */
export function compileUpdate(update: Value): Update {
  throw new Error(`not yet: ${typeof update}`);
}
