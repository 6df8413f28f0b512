import type { Doc, Value } from '../values/value';
import type { Variables } from './scope';

/** Where $lookup and $unionWith read from, so that the engine can use its indexes. */
export interface StageSource {
  find(collection: string, filter: Doc, options: FindOptions): Iterable<Doc>;
}

export interface FindOptions {
  sort?: Doc | undefined;
  skip?: number | undefined;
  limit?: number | undefined;
  /** The only top-level fields that are needed; the documents may hold just these. */
  fields?: ReadonlySet<string> | undefined;
}

/** One stage, compiled. It must not change the documents that it is given. */
export type Stage = (input: Iterable<Doc>, source: StageSource) => Iterable<Doc>;

/** The first stages of a pipeline that amount to a find, in this order whatever the pipeline's was. */
export interface Leading {
  match?: Doc;
  sort?: Doc;
  skip?: number;
  limit?: number;
  /** The number of stages that these fields stand for. */
  rest: number;
}

/** A pipeline, compiled. */
export interface Pipeline {
  leading: Leading;
  /** The top-level fields that the documents need for all stages; undefined when whole documents are needed. */
  fields: ReadonlySet<string> | undefined;
  /** Runs the stages from `leading.rest` on over the answer to the leading ones. */
  run: (input: Iterable<Doc>, source: StageSource) => Iterable<Doc>;
  /** Runs all stages, the leading ones too. */
  runAll: (input: Iterable<Doc>, source: StageSource) => Iterable<Doc>;
}

/** Compiles stages; handed to the stages that hold pipelines of their own. */
export type Compile = (stages: Value[], vars: Variables) => Pipeline;
