/**
 * Memory of every side: at rest, after a start and one small query; at its most under workload (c), 100 experiments × 50
 * epochs nested from four connections; and a moment afterwards. What a process has mapped of files is left out where the
 * system tells it apart. Each side is started anew for each round, and the others are not running.
 *
 *     npm run bench -- memory [--sides epochgraph,apollo] [--rounds 2] [--seconds 3] [--out FOLDER] [--quick]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchDatabase } from './laboratory/bench-database';
import { fillLaboratory, type Laboratory } from './laboratory/fill';
import { startLoadProcess } from './laboratory/load';
import { readOptions, type BenchOptions } from './laboratory/options';
import { memoryMb } from './laboratory/process-costs';
import { addressOf, bodiesOf, readSizes, readWorkload } from './laboratory/read-workloads';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { send } from './laboratory/server-process';
import { EPOCHGRAPH, sidesOf, startSide, type RunningSide } from './laboratory/sides';
import { figureOf, median, type Figure } from './laboratory/statistics';

/** Memory of a process, in MB. */
export interface Memory {
  side: string;
  title: string;
  rest: Figure;
  peak: Figure;
  after: Figure;
}

export interface MemoryResult extends Circumstances {
  processes: Memory[];
}

interface Round {
  rest: number;
  peak: number;
  after: number;
}

const SAMPLE_MS = 50;
const REST_MS = 1_500;

const BY_ID = readWorkload('a');
const HISTORY = readWorkload('c');

/** Samples processes while `work` runs: all samples of each. */
async function sampled(pids: readonly number[], work: () => Promise<unknown>): Promise<number[][]> {
  const samples = pids.map((pid) => [memoryMb(pid)]);
  const timer = setInterval(() => pids.forEach((pid, place) => samples[place]!.push(memoryMb(pid))), SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return samples;
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 2, seconds: 3 });
  let laboratory: Laboratory | undefined;
  const database = await startBenchDatabase(async (open) => {
    laboratory = await fillLaboratory((await open('filled')).collections, readSizes(options));
  });
  const circumstances = await circumstancesOf('memory', database, options);
  const load = startLoadProcess();
  try {
    const rounds = new Map<string, { title: string; all: Round[] }>();
    const keep = (key: string, title: string, round: Round): void => {
      const process = rounds.get(key) ?? { title, all: [] };
      rounds.set(key, process);
      process.all.push(round);
    };
    for (let round = 0; round < options.rounds; round++) {
      for (const side of sidesOf(options.sides)) {
        const running = await startSide(side, database.uri('filled'));
        try {
          const [own, theDatabase] = await measure(running, database.pid, load, laboratory!, options);
          keep(side.key, side.title, own!);
          if (side.key === EPOCHGRAPH && theDatabase) {
            keep('database', 'the embedded database under Epochgraph', theDatabase);
          }
        } finally {
          await running.stop();
        }
      }
    }
    const processes = [...rounds].map(([side, { title, all }]): Memory => ({
      side,
      title,
      rest: figureOf(all.map(({ rest }) => rest)),
      peak: figureOf(all.map(({ peak }) => peak)),
      after: figureOf(all.map(({ after }) => after)),
    }));
    for (const { title, rest, peak, after } of processes) {
      console.log(
        `${title.padEnd(40)} at rest ${rest.median} MB, at most ${peak.median} MB under (c), ${after.median} MB after`,
      );
    }
    const result: MemoryResult = { ...circumstances, processes };
    await writeResult(result, options);
  } finally {
    load.stop();
    await database.close();
  }
}

/** A round of a side: its own memory, and that of the database where its process is known. */
async function measure(
  side: RunningSide,
  databasePid: number | undefined,
  load: ReturnType<typeof startLoadProcess>,
  laboratory: Laboratory,
  { seconds, quick }: BenchOptions,
): Promise<Round[]> {
  const pids = [side.pid, ...(databasePid === undefined ? [] : [databasePid])];
  const restMs = quick ? SAMPLE_MS : REST_MS;
  await send(addressOf(side, BY_ID), bodiesOf(BY_ID, laboratory)[0]!);
  await sleep(restMs);
  const rest = await sampled(pids, () => sleep(restMs));
  const { connections } = HISTORY;
  const run = (amount: number) =>
    load.run({ url: addressOf(side, HISTORY), connections, bodies: bodiesOf(HISTORY, laboratory), amount });
  const busy = await sampled(pids, async () => {
    const { requests, seconds: took } = await run(2 * connections);
    if (took < seconds) await run(Math.max(connections, Math.round((requests / took) * (seconds - took))));
  });
  await sleep(restMs);
  const after = await sampled(pids, () => sleep(restMs));
  return pids.map((_, place) => ({
    rest: median(rest[place]!),
    peak: Math.max(...busy[place]!),
    after: median(after[place]!),
  }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
