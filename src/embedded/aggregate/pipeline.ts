import type { Query } from '../planner';
import type { Doc, Value } from '../values/value';
import type { Variables } from './expression';

/** Where $lookup and $unionWith read from, so that the engine can use its indexes. */
export interface StageSource {
  /** With `fields`, the documents may hold just these top-level fields. */
  find(collection: string, query: Query, fields: ReadonlySet<string> | undefined): Iterable<Doc>;
}

/** One stage, compiled. It must not change the documents that it is given. */
export type Stage = (input: Iterable<Doc>, source: StageSource) => Iterable<Doc>;

/** A pipeline, compiled. */
export interface Pipeline {
  /** What the first stages amount to, in the order of a find whatever theirs was, and how many stages that are. */
  leading: Query & { stages: number };
  /** The top-level fields that the stages behind those need; undefined when whole documents are needed. */
  fields: ReadonlySet<string> | undefined;
  /** Runs the stages behind the leading ones over the answer to those. */
  run: Stage;
  /** Runs all stages, the leading ones too. */
  runAll: Stage;
}

/** Compiles stages; handed to the stages that hold pipelines of their own. */
export type Compile = (stages: Value[], vars: Variables) => Pipeline;
