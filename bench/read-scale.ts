/**
 * Whether reading costs more where there is more: the same operations against a whole laboratory (10,000 experiments,
 * 1,000,000 epochs, 50,000 checkpoints, 5,000 subjects unless other sizes are given) and against a hundredth of it, each on
 * an embedded database and behind a server of its own, interleaved in one run. Both hold 50 more runs of 500 epochs, for
 * the long series. Prints the median of each, their ratio, and what the database says that it reads for it.
 *
 *     npm run bench -- read-scale [experiments] [rounds]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Document } from 'mongodb';
import { start, type EmbeddedDatabase } from '../src/embedded/start';
import { createLog } from '../src/log';
import { parseConfig } from '../src/config';
import { createServer, type EpochgraphServer } from '../src/server';
import { openDatabase } from '../src/stores/database';
import { fillLaboratory, LONG_RUN, type Laboratory } from './laboratory/fill';

const LONG_RUNS = 50;
const ALLOWED = 1.5;

/** One database of the two, with its server. */
interface Side extends Laboratory {
  name: string;
  folder: string;
  embedded: EmbeddedDatabase;
  server: EpochgraphServer;
  filledIn: number;
}

/** Index keys and documents that the database examines. */
interface Reads {
  keys: number;
  documents: number;
}

interface Operation {
  name: string;
  document: string;
  /** The variables of a round; the records asked for differ from round to round. */
  variables?: (side: Side, round: number) => Record<string, unknown>;
  /** What is read for it, from explains of the queries that it takes. */
  reads: (side: Side) => Promise<Reads>;
  /** How many rounds are left out after one that is run; for those that take long. */
  rare?: boolean;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function post(side: Side, query: string, variables: Record<string, unknown> = {}): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(side.server.url, { method: 'POST', headers, body });
  const text = await response.text();
  if (text.includes('"errors"')) throw new Error(`${query}: ${text.slice(0, 1000)}`);
  return text;
}

/** The first `executionStats` in an explanation. */
function statsOf(tree: unknown): Reads | undefined {
  if (typeof tree !== 'object' || tree === null) return undefined;
  const stats = (tree as { executionStats?: Document }).executionStats;
  if (stats) return { keys: Number(stats.totalKeysExamined), documents: Number(stats.totalDocsExamined) };
  for (const inner of Object.values(tree)) {
    const found = statsOf(inner);
    if (found) return found;
  }
  return undefined;
}

async function explained({ server }: Side, collection: string, pipeline: Document[]): Promise<Reads> {
  const explanation = await server.stores.database.db
    .collection(collection)
    .aggregate(pipeline)
    .explain('executionStats');
  return statsOf(explanation) ?? { keys: 0, documents: 0 };
}

async function explainedList(side: Side, args: string): Promise<Reads> {
  const text = await post(side, `{ explainExperiments(${args}) { keysExamined documentsExamined } }`);
  const { data } = JSON.parse(text) as {
    data: { explainExperiments: { keysExamined: number; documentsExamined: number } };
  };
  return { keys: data.explainExperiments.keysExamined, documents: data.explainExperiments.documentsExamined };
}

function sum(...reads: Reads[]): Reads {
  return {
    keys: reads.reduce((total, { keys }) => total + keys, 0),
    documents: reads.reduce((total, { documents }) => total + documents, 0),
  };
}

const HEAD = `id name status challenge startTime endTime tags model { name }
  metrics { bestValLoss bestEpoch totalEpochs finalValLoss trainingTimeHours }`;
const BEST = 'first: 50, filter: { challenge: { eq: 2 }, status: [COMPLETED] }, orderBy: [{ field: BEST_VAL_LOSS }]';
const CPU = `first: 50, filter: { config: [{ path: "device", eq: "cpu" }], status: [COMPLETED] }`;

/** Epochs of the experiments of the first page, which the counts of a list read. */
async function newestEpochs(side: Side): Promise<Reads> {
  const ids = side.experimentIds.slice(-50);
  const group = { $group: { _id: '$experiment_id', count: { $sum: 1 } } };
  return explained(side, 'epochs', [{ $match: { experiment_id: { $in: ids } } }, group]);
}

const OPERATIONS: Operation[] = [
  {
    name: 'list page of 50 with best metrics',
    document: `{ experiments(first: 50) { nodes { ${HEAD} } pageInfo { hasNextPage endCursor } } }`,
    reads: (side) => explainedList(side, 'first: 50'),
  },
  {
    name: '… and epochCount of each',
    document: `{ experiments(first: 50) { nodes { ${HEAD} epochCount } pageInfo { hasNextPage endCursor } } }`,
    reads: async (side) => sum(await explainedList(side, 'first: 50'), await newestEpochs(side)),
  },
  {
    name: '… and totalCount of the list',
    document: `{ experiments(first: 50) { totalCount nodes { ${HEAD} epochCount } pageInfo { hasNextPage endCursor } } }`,
    reads: async (side) => {
      const count = explained(side, 'experiments', [{ $match: {} }, { $group: { _id: 1, n: { $sum: 1 } } }]);
      return sum(await explainedList(side, 'first: 50'), await newestEpochs(side), await count);
    },
  },
  {
    name: 'page of challenge 2, completed, best first',
    document: `{ experiments(${BEST}) { nodes { ${HEAD} epochCount } pageInfo { hasNextPage endCursor } } }`,
    reads: async (side) => explainedList(side, BEST),
  },
  {
    name: 'page of completed runs on a CPU, newest first',
    document: `{ experiments(${CPU}) { nodes { ${HEAD} } pageInfo { hasNextPage endCursor } } }`,
    reads: (side) => explainedList(side, CPU),
  },
  {
    name: 'history of one run with 100 epochs',
    document: `query ($id: ID!) { experiment(id: $id) { ${HEAD} epochs(first: 100) { nodes {
      epoch metrics { values } timing { durationSeconds } timestamp } } checkpoints { nodes { epoch isBest file { path } } } } }`,
    variables: ({ experimentIds }, round) => ({
      id: experimentIds[(round * 37) % experimentIds.length]!.toHexString(),
    }),
    reads: (side) => explained(side, 'epochs', epochsOf(side.experimentIds[0]!)),
  },
  {
    name: `series of ${LONG_RUNS} runs, 2 metrics, ${LONG_RUN} points`,
    document: `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Experiment {
      id series(metrics: ["train_loss", "val_loss"], maxPoints: 500) { name epochs values } } } }`,
    variables: ({ longRunIds }) => ({ ids: longRunIds.map((id) => id.toHexString()) }),
    reads: (side) => explained(side, 'epochs', [{ $match: { experiment_id: { $in: side.longRunIds } } }, ...IN_ORDER]),
    rare: true,
  },
  {
    name: 'facets of all experiments',
    document: `{ experimentFacets { total byStatus { value count } byChallenge { value count } byModel { value count }
      byTag { value count } byLiveness { value count } } }`,
    reads: (side) => explained(side, 'experiments', [{ $match: {} }, { $project: { status: 1 } }]),
    rare: true,
  },
  {
    name: 'facets of all subjects',
    document: `{ subjectFacets { total byRelease { value count } bySex { value count } byChallenge1Split { value count }
      ageHistogram { from count } } }`,
    reads: (side) => explained(side, 'subjects', [{ $match: {} }, { $project: { sex: 1 } }]),
    rare: true,
  },
];

const IN_ORDER = [{ $sort: { experiment_id: 1, epoch: 1 } }];

function epochsOf(experimentId: unknown): Document[] {
  return [{ $match: { experiment_id: experimentId } }, { $sort: { epoch: 1 } }, { $limit: 101 }];
}

/** Fills an embedded database and starts a server on it. */
async function prepare(name: string, experiments: number): Promise<Side> {
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const embedded = await start({ dataDir: folder, noSync: true });
  const database = await openDatabase(embedded.uri);
  const began = performance.now();
  const laboratory = await fillLaboratory(database.collections, {
    experiments,
    epochs: experiments * 100,
    checkpoints: experiments * 5,
    subjects: Math.ceil(experiments / 2),
    longRuns: LONG_RUNS,
  });
  const filledIn = performance.now() - began;
  await database.close();
  const config = { ...parseConfig({}), port: 0, dataDir: folder, mongodbUri: embedded.uri };
  const server = await createServer(config, createLog('warn'));
  return { ...laboratory, name, folder, embedded, server, filledIn };
}

/** Memory of a side's database process, in megabytes: all of it, and what is not the data file mapped. */
async function memoryOf({ server }: Side): Promise<string> {
  const { pid } = await server.stores.database.db.admin().command({ serverStatus: 1 });
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    const [all, own] = ['VmRSS', 'RssAnon'].map((field) => new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]);
    return `${Math.round(Number(all) / 1024)} MB, of which ${Math.round(Number(own) / 1024)} MB its own`;
  } catch {
    return 'not known on this system';
  }
}

async function measure(operation: Operation, sides: readonly [Side, Side], rounds: number): Promise<void> {
  const times = sides.map((): number[] => []);
  const warm = operation.rare ? 2 : 5;
  const count = (operation.rare ? Math.ceil(rounds / 4) : rounds) + warm;
  for (let round = 0; round < count; round++) {
    for (const [place, side] of sides.entries()) {
      const variables = operation.variables?.(side, round);
      const began = performance.now();
      await post(side, operation.document, variables);
      if (round >= warm) times[place]!.push(performance.now() - began);
    }
  }
  const [small, large] = times.map(median) as [number, number];
  const [few, many] = await Promise.all(sides.map((side) => operation.reads(side)));
  const ratio = large / small;
  const readsMore = many!.keys + many!.documents > (few!.keys + few!.documents) * ALLOWED;
  const verdict = ratio <= ALLOWED ? '' : readsMore ? 'reads more' : 'SLOWER';
  say(
    `| ${operation.name} | ${small.toFixed(1)} | ${large.toFixed(1)} | ${ratio.toFixed(2)} | ` +
      `${few!.keys} / ${few!.documents} | ${many!.keys} / ${many!.documents} | ${verdict} |`,
  );
}

async function main(): Promise<void> {
  const [experiments = 10_000, rounds = 40] = process.argv.slice(2).map(Number);
  if (!Number.isSafeInteger(experiments) || experiments < 100 || !Number.isSafeInteger(rounds) || rounds < 4) {
    throw new Error('Usage: read-scale [experiments, 100 or more] [rounds, 4 or more]');
  }
  const sides: Side[] = [];
  try {
    sides.push(await prepare('a hundredth', Math.ceil(experiments / 100)), await prepare('the whole', experiments));
    for (const side of sides) {
      const { name, filledIn, experimentIds } = side;
      const seconds = (filledIn / 1000).toFixed(1);
      say(
        `${name}: ${experimentIds.length} + ${LONG_RUNS} experiments, filled in ${seconds} s; memory ${await memoryOf(side)}`,
      );
    }
    say('\n| operation | small, ms | large, ms | ratio | keys / documents, small | large | |');
    say('| --- | --- | --- | --- | --- | --- | --- |');
    for (const operation of OPERATIONS) await measure(operation, sides as [Side, Side], rounds);
    say(`\nmemory of the large database's process afterwards: ${await memoryOf(sides[1]!)}`);
  } finally {
    for (const { server, embedded, folder } of sides) {
      await server.close();
      await embedded.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message.slice(0, 2000) : String(error)}\n`);
  process.exitCode = 1;
});
