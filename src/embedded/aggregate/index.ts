import type { Doc, Value } from '../values/value';

/** Where $lookup and $unionWith read from. */
export interface StageSource {
  find(collection: string, filter: Doc, options: { sort?: Doc; skip?: number; limit?: number }): Iterable<Doc>;
}

export interface Pipeline {
  /** What the engine may serve from an index; `rest` stages from that number on are still to run over its answer. */
  leading: { match?: Doc; sort?: Doc; skip?: number; limit?: number; rest: number };
  /** Runs the stages from `leading.rest` on. */
  run(input: Iterable<Doc>, source: StageSource): Iterable<Doc>;
}

/** Compiles the stages of a pipeline. */
export function compilePipeline(stages: Value[], vars?: Map<string, Value>): Pipeline {
  return { leading: { rest: stages.length + (vars?.size ?? 0) }, run: (input) => input };
}
