import type { Collection, Document, Filter } from 'mongodb';
import { EJSON } from 'bson';
import type { QueryPlan } from '../../types/QueryPlan';
import { pipelinesOf, type Order } from './orders';

/** Parts of an explanation that tell of the machine or repeat the command, and nothing of the plan. */
const LEFT_OUT = new Set(['serverInfo', 'serverParameters', 'command', 'host', 'operationTime', '$clusterTime', 'ok']);

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (LEFT_OUT.has(key) ? [] : [[key, plain(item)]])),
  );
}

/** The first object in a tree, outermost first, that holds the key. */
function find(tree: unknown, key: string): Document | undefined {
  if (typeof tree !== 'object' || tree === null) return undefined;
  if (key in tree) return tree;
  for (const inner of Object.values(tree)) {
    const found = find(inner, key);
    if (found) return found;
  }
  return undefined;
}

/** Stages that shape what others read. */
const SHAPING = new Set([
  'LIMIT',
  'SKIP',
  'FETCH',
  'PROJECTION_DEFAULT',
  'PROJECTION_SIMPLE',
  'PROJECTION_COVERED',
  'SORT',
]);

/** The outermost stage of a plan that reads; nested plans are under `inputStage` or, from 5.0 on, `queryPlan`. */
function readingStage(plan: Document): string {
  const stage = String(plan.stage ?? (plan.queryPlan as Document | undefined)?.stage ?? 'UNKNOWN');
  const input = (plan.inputStage ?? (plan.queryPlan as Document | undefined)) as Document | undefined;
  return input && (SHAPING.has(stage) || !plan.stage) ? readingStage(input) : stage;
}

/** How the database runs the first segment of a page: by executing it, and reading what it says of that. */
export async function explainPage(
  collection: Collection<Document>,
  filter: Filter<Document>,
  order: Order,
  limit: number,
): Promise<QueryPlan> {
  const bounds = { backward: false, after: null, before: null };
  const [pipeline] = pipelinesOf(order, filter, bounds, limit + 1);
  const explained = await collection.aggregate(pipeline).explain('executionStats');
  const raw = plain(EJSON.serialize(explained, { relaxed: true })) as Record<string, unknown>;
  const planner = find(raw, 'winningPlan')?.winningPlan as Document | undefined;
  const stats = find(raw, 'executionStats')?.executionStats as Document | undefined;
  const index = planner && find(planner, 'indexName');
  return {
    stage: planner ? readingStage(planner) : 'UNKNOWN',
    indexName: (index?.indexName as string | undefined) ?? null,
    keysExamined: Number(stats?.totalKeysExamined ?? 0),
    documentsExamined: Number(stats?.totalDocsExamined ?? 0),
    returned: Number(stats?.nReturned ?? 0),
    raw,
  };
}
