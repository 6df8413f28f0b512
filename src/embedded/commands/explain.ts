import { mongoError } from '../errors';
import { compileMatcher } from '../match';
import { plan, type Plan, type Query } from '../planner';
import { execute, newExecution } from '../query';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { checkFields, collectionName, collectionOf, withView, words, wrongType } from './invocation';
import type { Command, Invocation } from './invocation';

const VERBOSITIES = words('queryPlanner executionStats allPlansExecution');

/** Tells how one of some commands would be carried out: the plan that it would really use, and what that reads. */
export function explain(commands: Record<string, Command>): Command {
  return {
    fields: ['verbosity'],
    run(invocation) {
      const inner = invocation.body.get('explain');
      const verbosity = invocation.body.get('verbosity') ?? 'allPlansExecution';
      if (!isDoc(inner)) throw wrongType('explain', 'explain', inner ?? null, 'object');
      if (typeof verbosity !== 'string' || !VERBOSITIES.includes(verbosity))
        throw mongoError('FailedToParse', `verbosity string must be one of ${VERBOSITIES.join(', ')}`);
      const name = inner.keys().next().value ?? '';
      const command = commands[name];
      if (!command) throw mongoError('CommandNotFound', `Explain failed due to unknown command: ${name}`);
      checkFields(inner, name, command);
      const explained = { ...invocation, name, body: inner, sequences: new Map<string, Buffer[]>() };
      const { query, stages = [] } = command.reads!(explained);
      const described = describe(explained, query, verbosity !== 'queryPlanner');
      const body = stages.length > 0 ? doc({ stages: [doc({ $cursor: described }), ...stages] }) : described;
      return { body: new Map<string, Value>([['explainVersion', '1'], ...body, ['command', inner]]) };
    },
  };
}

/** The plan of a query; with `run` it is carried out to count what it reads. */
function describe(invocation: Invocation, query: Query, run: boolean): Doc {
  const ns = `${invocation.db}.${collectionName(invocation)}`;
  const collection = collectionOf(invocation, ns);
  compileMatcher(query.filter, query.vars);
  return withView(invocation, (view) => {
    const chosen = collection && plan(view, collection, query);
    const winningPlan = chosen ? describePlan(chosen, query) : doc({ stage: 'EOF' });
    const queryPlanner = doc({ namespace: ns, parsedQuery: query.filter, winningPlan, rejectedPlans: [] });
    if (!run) return doc({ queryPlanner });
    const execution = newExecution(invocation.deadline);
    const began = Date.now();
    const returned = [...execute(view, collection, query, execution)].length;
    const executionStats = doc({
      executionSuccess: true,
      nReturned: int(returned),
      executionTimeMillis: int(Date.now() - began),
      totalKeysExamined: int(execution.keysExamined),
      totalDocsExamined: int(execution.docsExamined),
      executionStages: winningPlan,
    });
    return doc({ queryPlanner, executionStats });
  });
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
  const checked = chosen.exact ? undefined : filter;
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
