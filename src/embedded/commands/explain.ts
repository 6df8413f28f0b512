import { compilePipeline } from '../aggregate';
import { mongoError } from '../errors';
import { plan, type Plan, type Query } from '../planner';
import { execute, newExecution } from '../query';
import type { Collection } from '../storage/catalog';
import type { View } from '../storage/view';
import { asNumber, doc, int, isDoc, type Doc, type Value } from '../values/value';
import { pipelineOf } from './aggregate';
import { find, findOptions } from './find';
import { checkFields, countField, docField, withView, wrongType, type Command, type Invocation } from './invocation';

const VERBOSITIES = ['queryPlanner', 'executionStats', 'allPlansExecution'];

/** Tells how a command would be carried out: the plan that it would really use, and what that reads. */
export const explain: Command = {
  fields: ['verbosity'],
  run(invocation) {
    const inner = invocation.body.get('explain');
    const verbosity = invocation.body.get('verbosity') ?? 'allPlansExecution';
    if (!isDoc(inner)) throw wrongType('explain', 'explain', inner ?? null, 'object');
    if (typeof verbosity !== 'string' || !VERBOSITIES.includes(verbosity)) {
      throw mongoError('FailedToParse', `verbosity string must be one of ${VERBOSITIES.join(', ')}`);
    }
    return { body: explainCommand(invocation, inner, verbosity !== 'queryPlanner') };
  },
};

/** The answer of explain for a command; with `run` the query is carried out to count what it reads. */
function explainCommand(invocation: Invocation, inner: Doc, run: boolean): Doc {
  const [name = '', target] = [...inner][0] ?? [];
  const ns = `${invocation.db}.${typeof target === 'string' ? target : ''}`;
  const { query, stages } = explained(inner, name);
  const collection = invocation.engine.catalog.get(ns);
  return withView(invocation, (view) => {
    const described = collection
      ? describe(view, collection, query, run)
      : doc({
          queryPlanner: doc({
            namespace: ns,
            parsedQuery: query.filter,
            winningPlan: doc({ stage: 'EOF' }),
            rejectedPlans: [],
          }),
        });
    const body: Doc = new Map<string, Value>([['explainVersion', '1']]);
    if (stages.length > 0) body.set('stages', [doc({ $cursor: described }), ...stages]);
    else for (const [field, value] of described) body.set(field, value);
    body.set('command', inner);
    return body;
  });
}

/** What a command reads, and the stages of a pipeline that come after that. */
function explained(inner: Doc, name: string): { query: Query; stages: Value[] } {
  switch (name) {
    case 'find':
      checkFields(inner, name, find);
      return { query: findOptions(inner).query, stages: [] };
    case 'aggregate': {
      const pipeline = pipelineOf(inner);
      const { leading } = compilePipeline(pipeline);
      return { query: { ...leading, hint: inner.get('hint') }, stages: pipeline.slice(leading.stages) };
    }
    case 'count':
    case 'distinct':
    case 'findAndModify': {
      const sort = name === 'findAndModify' ? docField(inner, name, 'sort') : undefined;
      const limit = name === 'count' ? countField(inner, name, 'limit', 'Limit') : undefined;
      const filter = docField(inner, name, 'query') ?? new Map<string, Value>();
      return { query: { filter, sort, limit, hint: inner.get('hint') }, stages: [] };
    }
    case 'update':
    case 'delete': {
      const statements = inner.get(`${name}s`);
      const statement = Array.isArray(statements) ? statements[0] : undefined;
      if (!isDoc(statement)) throw wrongType(name, `${name}s`, statement ?? null, 'array');
      const filter = docField(statement, name, 'q') ?? new Map<string, Value>();
      const single = name === 'update' ? statement.get('multi') !== true : asNumber(statement.get('limit')) === 1;
      return { query: { filter, limit: single ? 1 : 0, hint: statement.get('hint') }, stages: [] };
    }
    default:
      throw mongoError('CommandNotFound', `Explain failed due to unknown command: ${name}`);
  }
}

function describe(view: View, collection: Collection, query: Query, run: boolean): Doc {
  const chosen = plan(view, collection, query);
  const winningPlan = describePlan(chosen, query);
  const queryPlanner = doc({ namespace: collection.ns, parsedQuery: query.filter, winningPlan, rejectedPlans: [] });
  if (!run) return doc({ queryPlanner });
  const execution = newExecution();
  const began = Date.now();
  let returned = 0;
  for (const row of execute(view, collection, query, execution, { plan: chosen })) returned += row.record > 0 ? 1 : 0;
  const executionStats = doc({
    executionSuccess: true,
    nReturned: int(returned),
    executionTimeMillis: int(Date.now() - began),
    totalKeysExamined: int(execution.keysExamined),
    totalDocsExamined: int(execution.docsExamined),
    executionStages: winningPlan,
  });
  return doc({ queryPlanner, executionStats });
}

function describePlan(chosen: Plan, query: Query): Doc {
  let stage = describeSource(chosen, query);
  const { sort, skip, limit } = query;
  if (sort !== undefined && !chosen.sorted) {
    const memory = limit ? int((skip ?? 0) + limit) : undefined;
    stage = doc({ stage: 'SORT', sortPattern: sort, limitAmount: memory, type: 'simple', inputStage: stage });
  }
  if (skip) stage = doc({ stage: 'SKIP', skipAmount: int(skip), inputStage: stage });
  if (limit) stage = doc({ stage: 'LIMIT', limitAmount: int(limit), inputStage: stage });
  return stage;
}

function describeSource(chosen: Plan, { filter }: Query): Doc {
  const checked = filter.size > 0 ? filter : undefined;
  const direction = chosen.reverse ? 'backward' : 'forward';
  if (chosen.stage === 'COLLSCAN') return doc({ stage: 'COLLSCAN', filter: checked, direction });
  const { index, bounds, merge, ranges } = chosen;
  const scan = doc({
    stage: 'IXSCAN',
    keyPattern: index.key,
    indexName: index.name,
    isMultiKey: index.multikey,
    isUnique: index.unique,
    isSparse: index.sparse,
    isPartial: index.partial !== undefined,
    indexVersion: int(2),
    direction,
    indexBounds: new Map(index.paths.map((path, i): [string, Value] => [path, bounds[i] ?? ['[MinKey, MaxKey]']])),
  });
  const inputStage = merge ? doc({ stage: 'SORT_MERGE', ranges: int(ranges.length), inputStage: scan }) : scan;
  return doc({ stage: 'FETCH', filter: checked, inputStage });
}
