/**
 * Deliveries to 1, 100 and 1,000 subscribers of one experiment over graphql-transport-ws: how many a second and after how
 * long, with identical subscriptions (each event is executed once for all) and, interleaved in the same run, with
 * subscriptions whose documents differ in a comment (each event is executed for each). Server and clients are in processes
 * of their own. Single events are epochs logged one after another, bursts are batches of ten.
 *
 *     npm run bench -- fan-out [--only 1000] [--rounds 3] [--seconds 2] [--out FOLDER] [--quick]
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchDatabase } from './laboratory/bench-database';
import { chosen, readOptions, type BenchOptions } from './laboratory/options';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { post } from './laboratory/server-process';
import { EPOCHGRAPH, sidesOf, startSide } from './laboratory/sides';
import { figureOf, median, quantile, rounded, type Figure } from './laboratory/statistics';
import type { Opening, Received } from './laboratory/subscribers';

const SUBSCRIBERS = [1, 100, 1_000].map((count) => ({ key: String(count), count }));
const BURST = 10;

/** A round of `shared` is long enough to measure within these bounds; events of a round of `each` are a quarter of them. */
const EVENTS = { least: 40, most: 400 };
/** Deliveries a second that a round is laid out for; what comes of it is measured. */
const EXPECTED_RATE = 40_000;

/** Deliveries of one way to execute and one way to log. */
export interface Delivery {
  perSecond: Figure;
  /** From sending the mutation to the arrival, medians over the rounds. */
  latencyMs: { p50: number; p99: number };
}

/** Single events or bursts. */
export interface FanOut {
  subscribers: number;
  kind: 'single' | 'burst';
  shared: Delivery;
  each: Delivery;
  /** How many times as many deliveries a second sharing makes, in the same round. */
  gain: Figure;
}

export interface FanOutResult extends Circumstances {
  deliveries: FanOut[];
}

interface Round {
  rate: number;
  p50: number;
  p99: number;
}

const now = (): number => performance.timeOrigin + performance.now();

async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  child.send(message);
  return (await answered)[0];
}

async function subscribersOf(url: string): Promise<number> {
  const { live } = (await (await fetch(new URL('/health/ready', url))).json()) as { live: { subscribers: number } };
  return live.subscribers;
}

/** Opens subscribers, logs epochs singly and in bursts, and closes them again. */
async function rounds(
  url: string,
  child: ChildProcess,
  opening: Pick<Opening, 'count' | 'shared'>,
  events: number,
): Promise<Record<FanOut['kind'], Round>> {
  const created = await post<{ createExperiment: { experiment: { id: string } } }>(
    url,
    'mutation { createExperiment(input: { name: "bench" }) { experiment { id } } }',
  );
  const experimentId = created.createExperiment.experiment.id;
  await ask(child, { open: { url, experimentId, ...opening } satisfies Opening });
  let epoch = 0;
  const round = async (burst: number): Promise<Round> => {
    await ask(child, { expect: opening.count * events });
    const received = once(child, 'message') as Promise<[{ received: Received }]>;
    for (let sent = 0; sent < events; sent += burst) {
      const epochs = Array.from({ length: burst }, () => ({
        epoch: epoch++,
        metrics: { train_loss: 0.5, val_loss: 0.25, sent: now() },
      }));
      const query = 'mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created } }';
      await post(url, query, { input: { experimentId, epochs } });
    }
    const [{ received: all }] = await received;
    return {
      rate: all.deliveries / ((all.last - all.began) / 1_000),
      p50: quantile(all.latencies, 0.5),
      p99: quantile(all.latencies, 0.99),
    };
  };
  const result = { single: await round(1), burst: await round(BURST) };
  await ask(child, { close: true });
  while ((await subscribersOf(url)) > 0) await sleep(20);
  return result;
}

async function measure(
  url: string,
  child: ChildProcess,
  count: number,
  { rounds: wanted, seconds, quick }: BenchOptions,
): Promise<FanOut[]> {
  const whole = Math.round((EXPECTED_RATE * seconds) / count / EVENTS.least) * EVENTS.least;
  const events = quick ? BURST : Math.min(EVENTS.most, Math.max(EVENTS.least, whole));
  const all: Record<FanOut['kind'], { shared: Round; each: Round }[]> = { single: [], burst: [] };
  for (let round = quick ? 1 : 0; round <= wanted; round++) {
    const shared = await rounds(url, child, { count, shared: true }, events);
    const each = await rounds(url, child, { count, shared: false }, quick ? BURST : events / 4);
    if (round === 0) continue; // to warm up
    for (const kind of ['single', 'burst'] as const) all[kind].push({ shared: shared[kind], each: each[kind] });
  }
  return (['single', 'burst'] as const).map((kind) => {
    const delivery = (side: 'shared' | 'each'): Delivery => {
      const own = all[kind].map((round) => round[side]);
      return {
        perSecond: figureOf(own.map(({ rate }) => rate)),
        latencyMs: {
          p50: rounded(median(own.map(({ p50 }) => p50))),
          p99: rounded(median(own.map(({ p99 }) => p99))),
        },
      };
    };
    const gain = figureOf(all[kind].map(({ shared, each }) => shared.rate / each.rate));
    return { subscribers: count, kind, shared: delivery('shared'), each: delivery('each'), gain };
  });
}

function print({ subscribers, kind, shared, each, gain }: FanOut): void {
  const show = (name: string, { perSecond, latencyMs }: Delivery): string =>
    `  ${name.padEnd(7)} ${perSecond.median} deliveries/s (${perSecond.min} to ${perSecond.max}), ` +
    `from sending the mutation ${latencyMs.p50} ms median, ${latencyMs.p99} ms p99`;
  console.log(
    `\n${subscribers} subscriber${subscribers === 1 ? '' : 's'}, ${kind === 'single' ? 'single events' : 'bursts of ten'}`,
  );
  console.log(show('shared', shared));
  console.log(show('each', each));
  console.log(`  gain of sharing: ${gain.median} (${gain.min} to ${gain.max})`);
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 3, seconds: 2 });
  const database = await startBenchDatabase();
  const circumstances = await circumstancesOf('fan-out', database, options);
  const server = await startSide(sidesOf([EPOCHGRAPH])[0]!, database.uri('fan_out'));
  const child = fork(require.resolve('./laboratory/subscribers'), ['--subscribers']);
  try {
    const deliveries: FanOut[] = [];
    for (const { count } of chosen(SUBSCRIBERS, options.only)) {
      const measured = await measure(server.url, child, count, options);
      measured.forEach(print);
      deliveries.push(...measured);
    }
    const result: FanOutResult = { ...circumstances, deliveries };
    await writeResult(result, options);
  } finally {
    child.kill();
    await server.stop();
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
