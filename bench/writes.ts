/**
 * Epochs logged, side by side: Epochgraph and its peers serve the same mutations over the same stores, each on a database
 * of its own within one deployment, and the driver upserts the same epochs with the same write concern from a process of
 * its own, without HTTP. Each connection is a trainer with a run of its own. Peers follow no change stream; Epochgraph
 * does.
 *
 *     npm run bench -- writes [--only e1,e64,f] [--sides epochgraph,driver] [--rounds 5] [--seconds 1] [--out FOLDER] [--quick]
 */
import { isDeepStrictEqual } from 'node:util';
import { ObjectId } from 'mongodb';
import { openDatabase } from '../src/stores/database';
import { startBenchDatabase } from './laboratory/bench-database';
import { startDriverProcess } from './laboratory/driver-load';
import { startLoadProcess, type LoadReport } from './laboratory/load';
import { measureSides, type WorkloadResult } from './laboratory/measure-sides';
import { chosen, readOptions } from './laboratory/options';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { post } from './laboratory/server-process';
import { FLOOR, sidesOf, startSide } from './laboratory/sides';

const DRIVER = 'driver';
const BATCH = 100;

export interface WritesResult extends Circumstances {
  workloads: WorkloadResult[];
}

interface WriteWorkload {
  key: string;
  title: string;
  connections: number;
  batch?: number;
}

const WORKLOADS: readonly WriteWorkload[] = [
  ...[1, 16, 64].map((connections) => ({
    key: `e${connections}`,
    title: `logEpoch from ${connections} connection${connections === 1 ? '' : 's'}`,
    connections,
  })),
  { key: 'f', title: `logEpochs by ${BATCH}`, connections: 4, batch: BATCH },
];

const LOG_ONE = `mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome epoch { epoch } } }`;
const LOG_MANY = `mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created errors { index message } } }`;

/** A place to log to. */
interface Target {
  key: string;
  title: string;
  pid: number;
  newRuns: (count: number) => Promise<string[]>;
  run: (ids: readonly string[], first: number, batch: number | undefined, amount: number) => Promise<LoadReport>;
  stop: () => Promise<void>;
}

async function newRun(url: string): Promise<string> {
  const query = 'mutation { createExperiment(input: { name: "bench" }) { experiment { id } } }';
  const data = await post<{ createExperiment: { experiment: { id: string } } }>(url, query);
  return data.createExperiment.experiment.id;
}

/** Throws where a side does other than the first one with the same epochs, logged twice. */
async function checkAnswers(sides: readonly { title: string; url: string }[]): Promise<void> {
  let expected: unknown;
  for (const { title, url } of sides) {
    const experimentId = await newRun(url);
    const metrics = { train_loss: 0.5, val_loss: 0.25 };
    const one = { input: { experimentId, epoch: 0, metrics } };
    const many = { input: { experimentId, epochs: [0, 1, 2].map((epoch) => ({ epoch, metrics })) } };
    const answers = [
      await post(url, LOG_ONE, one),
      await post(url, LOG_ONE, one),
      await post(url, LOG_MANY, many),
      await post(
        url,
        `query ($id: ID!) { experiment(id: $id) {
          metrics { bestValLoss bestEpoch totalEpochs } epochs { nodes { epoch metrics { values } } }
        } }`,
        { id: experimentId },
      ),
    ];
    expected ??= answers;
    if (!isDeepStrictEqual(answers, expected)) throw new Error(`${title} writes other than ${sides[0]!.title}`);
  }
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 5, seconds: 1 });
  const workloads = chosen(WORKLOADS, options.only);
  const names = options.sides ?? sidesOf(undefined).map(({ key }) => (key === FLOOR ? DRIVER : key));
  const sides = sidesOf(names.filter((name) => name !== DRIVER));
  const database = await startBenchDatabase();
  const circumstances = await circumstancesOf('writes', database, options);
  const load = startLoadProcess();
  const targets: Target[] = [];
  try {
    const running = [];
    for (const [place, side] of sides.entries()) {
      const started = await startSide(side, database.uri(`side${place}`));
      running.push(started);
      targets.push({
        ...started,
        newRuns: (count) => Promise.all(Array.from({ length: count }, () => newRun(started.url))),
        run: (experimentIds, first, batch, amount) => {
          const document = batch === undefined ? LOG_ONE : LOG_MANY;
          const bodies = { document, experimentIds, first, batch };
          return load.run({ url: started.url, connections: experimentIds.length, bodies, amount });
        },
      });
    }
    await checkAnswers(running);
    if (names.includes(DRIVER)) {
      await (await openDatabase(database.uri(DRIVER))).close(); // makes the indexes
      const driver = startDriverProcess();
      targets.push({
        key: DRIVER,
        title: 'the driver alone',
        pid: driver.pid,
        newRuns: async (count) => Array.from({ length: count }, () => new ObjectId().toHexString()),
        run: (experimentIds, first, batch, amount) =>
          driver.run({ uri: database.uri(DRIVER), experimentIds, first, batch, amount }),
        stop: async () => driver.stop(),
      });
    }
    const results: WorkloadResult[] = [];
    for (const { key, title, connections, batch } of workloads) {
      const places = new Map<Target, { ids: string[]; next: number }>();
      for (const target of targets) places.set(target, { ids: await target.newRuns(connections), next: 0 });
      const unit = batch === undefined ? 'calls' : 'epochs';
      const result = await measureSides({ key, title, unit }, targets, options, database.pid, {
        least: connections,
        each: batch ?? 1,
        run: (target, amount) => {
          const place = places.get(target)!;
          const first = place.next;
          const each = Math.ceil(amount / connections);
          place.next += each * (batch ?? 1);
          return target.run(place.ids, first, batch, each * connections);
        },
      });
      results.push({ ...result, connections });
    }
    const result: WritesResult = { ...circumstances, workloads: results };
    await writeResult(result, options);
  } finally {
    load.stop();
    for (const target of targets) await target.stop();
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
