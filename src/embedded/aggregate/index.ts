import { conjunction } from '../match';
import { isDoc, type Doc, type Value } from '../values/value';
import type { Variables } from './expression';
import { neededFields } from './needed-fields';
import type { Pipeline, Stage } from './pipeline';
import { compileSortStage, compileStage, stageNumber } from './stages';

export type { Pipeline, StageSource } from './pipeline';

/** The stages at the front that amount to a find: any $match, one $sort, a $skip, a $limit. */
function leadingOf(stages: Value[], vars: Variables): Pipeline['leading'] {
  const matches: Doc[] = [];
  const leading: Pipeline['leading'] = { filter: new Map(), vars, stages: 0 };
  for (const stage of stages) {
    const [name, spec] = [...(stage as Doc)][0]!;
    const bounded = leading.skip !== undefined || leading.limit !== undefined;
    if (name === '$match' && !bounded) matches.push(spec as Doc);
    else if (name === '$sort' && !leading.sort && !bounded) leading.sort = spec as Doc;
    else if (name === '$skip' && !bounded) leading.skip = stageNumber(name, spec);
    else if (name === '$limit' && leading.limit === undefined) leading.limit = stageNumber(name, spec);
    else break;
    leading.stages++;
  }
  return { ...leading, filter: conjunction(matches) };
}

/**
 * Compiles a pipeline. What its first stages share with a find is given as `leading`, for the engine to serve from an
 * index, and run() does the rest. `vars` are the variables that expressions may name. Throws the MongoError that mongod
 * gives for a bad pipeline; stages and operators that aren't served are refused by name.
 */
export function compilePipeline(stages: Value[], vars: Variables = new Map()): Pipeline {
  const compiled = stages.map((stage, i) => {
    const run = compileStage(stage, vars, compilePipeline);
    // A $sort with a $limit right behind it needs to keep only that many.
    const sort = (stage as Doc).get('$sort');
    const next = stages[i + 1];
    const limit = isDoc(next) ? next.get('$limit') : undefined;
    return sort === undefined || limit === undefined ? run : compileSortStage(sort, stageNumber('$limit', limit));
  });
  const leading = leadingOf(stages, vars);
  const through =
    (run: Stage[]): Stage =>
    (input, source) =>
      run.reduce((from, stage) => stage(from, source), input);
  return {
    leading,
    fields: neededFields(stages.slice(leading.stages)),
    run: through(compiled.slice(leading.stages)),
    runAll: through(compiled),
  };
}
