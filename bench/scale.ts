/**
 * What a larger store costs: each workload against 10,000, 100,000 and 1,000,000 stored epochs, each in a database and
 * behind a server of its own, one request at a time, interleaved in one run. The exponent e of cost = c · size^e, by least
 * squares over the medians, says how the cost grows: 0 not at all, 1 in proportion.
 *
 *     npm run bench -- scale [--sizes 10000,100000,1000000] [--only a,c] [--rounds 30] [--out FOLDER] [--quick]
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startBenchDatabase, type BenchDatabase } from './laboratory/bench-database';
import { fillLaboratory, type Laboratory } from './laboratory/fill';
import { metricsOf } from './laboratory/load';
import { chosen, readOptions } from './laboratory/options';
import { memoryMb } from './laboratory/process-costs';
import { bodiesOf, READ_WORKLOADS } from './laboratory/read-workloads';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { post, send } from './laboratory/server-process';
import { EPOCHGRAPH, sidesOf, startSide, type RunningSide } from './laboratory/sides';
import { exponentOf, figureOf, median, rounded, type Figure } from './laboratory/statistics';

const SIZES = [10_000, 100_000, 1_000_000];
const QUICK_SIZES = [10_000, 20_000];
const EPOCHS_A_RUN = 50;
/** Of these, with 500 epochs each, every store has as many, whatever its size. */
const LONG_RUNS = 10;
const LONG = 500;
const WARM_UP = 5;
const STARTS = 3;
const REST_MS = 1_500;

/** One workload at every size. */
export interface Scaling {
  key: string;
  title: string;
  /** Whether its answer is about everything stored, so that it has to grow. */
  grows: boolean;
  unit: 'ms' | 'MB';
  /** One for each size. */
  costs: Figure[];
  exponent: number;
}

export interface ScaleResult extends Circumstances {
  sizes: number[];
  /** Seconds that it took to fill the stores. */
  filledIn: number[];
  operations: Scaling[];
}

/** A store of one size, with its server. */
interface Store extends Laboratory {
  size: number;
  filledIn: number;
  database: BenchDatabase;
  server: RunningSide;
  /** A run that is logged to, and the number of its next epoch. */
  logged: { id: string; next: number };
  subscriber: Subscriber;
}

interface Operation {
  key: string;
  title: string;
  grows?: boolean;
  /** Does it once and resolves when it is done. */
  run: (store: Store, round: number) => Promise<void>;
}

/** A client that follows a run's epochs. */
class Subscriber {
  private constructor(private readonly socket: WebSocket) {}

  static async open(url: string, experimentId: string): Promise<Subscriber> {
    const socket = new WebSocket(url.replace('http', 'ws'), ['graphql-transport-ws']);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = 'subscription ($id: ID!) { epochLogged(experimentId: $id) { epoch { epoch metrics { valLoss } } } }';
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id: experimentId } } }));
    // What is asked behind the subscription is answered, and completed, behind its beginning.
    socket.send('{"id":"2","type":"subscribe","payload":{"query":"{ __typename }"}}');
    await new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        if (data.toString().includes('"complete"')) resolve();
      });
    });
    return new Subscriber(socket);
  }

  /** Resolves when an epoch of this number or a later one arrives. */
  arrival(epoch: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (data: Buffer): void => {
        if (Number(/"epoch":(\d+)/.exec(data.toString())![1]) < epoch) return;
        this.socket.off('message', look);
        resolve();
      };
      this.socket.on('message', look);
    });
  }

  close(): void {
    this.socket.close();
  }
}

async function ask(url: string, body: string): Promise<void> {
  const text = await send(url, body);
  if (text.includes('"errors"')) throw new Error(text.slice(0, 1_000));
}

const bodies = new WeakMap<Store, Map<string, string[]>>();

/** The bodies of a workload for a store, made once. */
function bodyFor(store: Store, key: string, make: () => string[], round: number): string {
  let all = bodies.get(store);
  if (!all) bodies.set(store, (all = new Map<string, string[]>()));
  let own = all.get(key);
  if (!own) all.set(key, (own = make()));
  return own[round % own.length]!;
}

const query = (text: string): string[] => [JSON.stringify({ query: text, variables: {} })];

const HEAD = 'id name status challenge startTime tags metrics { bestValLoss bestEpoch totalEpochs }';
const LOG_ONE = 'mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome } }';
const LOG_MANY = 'mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created } }';

function takeEpochs({ logged }: Store, count: number): { epoch: number; metrics: Record<string, number> }[] {
  return Array.from({ length: count }, () => ({ epoch: logged.next, metrics: metricsOf(logged.next++) }));
}

const logOne = (store: Store): Promise<unknown> =>
  post(store.server.url, LOG_ONE, { input: { experimentId: store.logged.id, ...takeEpochs(store, 1)[0] } });

const readOf = (key: string, title: string, document: string, grows = false): Operation => ({
  key,
  title,
  grows,
  run: (store, round) =>
    ask(
      store.server.url,
      bodyFor(store, key, () => query(document), round),
    ),
});

const OPERATIONS: readonly Operation[] = [
  ...READ_WORKLOADS.map((workload): Operation => ({
    key: workload.key,
    title: workload.key === 'd' ? `Series: ${LONG_RUNS} experiments × 2 metrics × ${LONG} points` : workload.title,
    run: (store, round) =>
      ask(
        store.server.url,
        bodyFor(store, workload.key, () => bodiesOf(workload, store), round),
      ),
  })),
  readOf(
    'best',
    'List of 50 of one challenge, completed, best first',
    `{ experiments(first: 50, filter: { challenge: { eq: 2 }, status: [COMPLETED] }, orderBy: [{ field: BEST_VAL_LOSS }]) {
      nodes { ${HEAD} epochCount } pageInfo { hasNextPage endCursor } } }`,
  ),
  {
    key: 'e',
    title: 'logEpoch',
    run: async (store) => {
      await logOne(store);
    },
  },
  {
    key: 'f',
    title: 'logEpochs by 100',
    run: async (store) => {
      const input = { experimentId: store.logged.id, epochs: takeEpochs(store, 100) };
      await post(store.server.url, LOG_MANY, { input });
    },
  },
  {
    key: 'g',
    title: 'An epoch, from the mutation to a subscriber',
    run: async (store) => {
      const arrived = store.subscriber.arrival(store.logged.next);
      await logOne(store);
      await arrived;
    },
  },
  readOf(
    'total',
    'List of 50 with the total count',
    `{ experiments(first: 50) { totalCount nodes { ${HEAD} } } }`,
    true,
  ),
  readOf(
    'facets',
    'Facets of all experiments',
    '{ experimentFacets { total byStatus { value count } byModel { value count } byTag { value count } } }',
    true,
  ),
];

async function open(size: number, stores: Store[]): Promise<void> {
  const experiments = (size - LONG_RUNS * LONG) / EPOCHS_A_RUN;
  let laboratory: Laboratory | undefined;
  const began = performance.now();
  const database = await startBenchDatabase(async (openDatabase) => {
    const { collections } = await openDatabase('scale');
    laboratory = await fillLaboratory(collections, {
      experiments,
      epochs: experiments * EPOCHS_A_RUN,
      checkpoints: experiments * 2,
      subjects: 100,
      longRuns: LONG_RUNS,
    });
  });
  const filledIn = rounded((performance.now() - began) / 1_000);
  try {
    const server = await startSide(sidesOf([EPOCHGRAPH])[0]!, database.uri('scale'));
    const { createExperiment } = await post<{ createExperiment: { experiment: { id: string } } }>(
      server.url,
      // Before all others, so that the lists are the same at every size.
      'mutation { createExperiment(input: { name: "logged", startTime: "2000-01-01T00:00:00Z" }) { experiment { id } } }',
    );
    const logged = { id: createExperiment.experiment.id, next: 0 };
    const subscriber = await Subscriber.open(server.url, logged.id);
    stores.push({ ...laboratory!, size, filledIn, database, server, logged, subscriber });
  } catch (error) {
    await database.close();
    throw error;
  }
  console.log(`${size} epochs of ${experiments + LONG_RUNS} runs, filled in ${filledIn} s`);
}

function scaling(
  stores: readonly Store[],
  { key, title, grows = false }: Pick<Operation, 'key' | 'title' | 'grows'>,
  unit: Scaling['unit'],
  values: readonly number[][],
): Scaling {
  const costs = values.map(figureOf);
  const points = stores.map(({ size }, place) => ({ size, cost: median(values[place]!) }));
  const result = { key, title, grows, unit, costs, exponent: Number(exponentOf(points).toFixed(3)) };
  const shown = costs.map((cost) => `${cost.median} ${unit}`.padStart(12)).join('');
  console.log(`${title.padEnd(62)}${shown}   exponent ${result.exponent}${grows ? ' (its answer grows)' : ''}`);
  return result;
}

async function measure(stores: readonly Store[], operation: Operation, rounds: number): Promise<Scaling> {
  const times = stores.map((): number[] => []);
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [place, store] of stores.entries()) {
      const began = performance.now();
      await operation.run(store, round + WARM_UP);
      if (round >= 0) times[place]!.push(performance.now() - began);
    }
  }
  return scaling(stores, operation, 'ms', times);
}

/** From the start of another server on the same database to its first answer. */
async function startUp(stores: readonly Store[]): Promise<Scaling> {
  const times = stores.map((): number[] => []);
  for (let round = 0; round < STARTS; round++) {
    for (const [place, { database, server }] of stores.entries()) {
      const began = performance.now();
      const second = await startSide(server, database.uri('scale'));
      await ask(second.url, query('{ serverInfo { version } }')[0]!);
      times[place]!.push(performance.now() - began);
      await second.stop();
    }
  }
  return scaling(stores, { key: 'h', title: 'Start-up on a running database' }, 'ms', times);
}

function memory(stores: readonly Store[]): Scaling[] {
  const of = (key: string, title: string, pidOf: (store: Store) => number | undefined): Scaling[] => {
    const pids = stores.map(pidOf);
    if (pids.includes(undefined)) return [];
    return [
      scaling(
        stores,
        { key, title },
        'MB',
        pids.map((pid) => [memoryMb(pid!)]),
      ),
    ];
  };
  return [
    ...of('i', 'Memory of the server at rest', ({ server }) => server.pid),
    ...of('i-database', "Memory of the database's process at rest", ({ database }) => database.pid),
  ];
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 30, seconds: 0 });
  const sizes = options.sizes ?? (options.quick ? QUICK_SIZES : SIZES);
  const operations = chosen(OPERATIONS, options.only);
  const stores: Store[] = [];
  try {
    for (const size of sizes) await open(size, stores);
    const circumstances = await circumstancesOf('scale', stores[0]!.database, options);
    await sleep(REST_MS);
    const atRest = memory(stores);
    const scalings: Scaling[] = [];
    for (const operation of operations) scalings.push(await measure(stores, operation, options.rounds));
    if (!options.only) scalings.push(await startUp(stores), ...atRest);
    const result: ScaleResult = {
      ...circumstances,
      sizes: [...sizes],
      filledIn: stores.map(({ filledIn }) => filledIn),
      operations: scalings,
    };
    await writeResult(result, options);
  } finally {
    for (const { subscriber, server, database } of stores) {
      subscriber.close();
      await server.stop();
      await database.close();
    }
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
