/**
 * Start-up: the time from the start of a process to its first answer, to the query of workload (a). Epochgraph with an
 * embedded database of its own, in an empty folder and in one with 50,000 epochs; and every side on a database that runs
 * already, with the same data. In rounds that are interleaved.
 *
 *     npm run bench -- start-up [--rounds 5] [--sides epochgraph,apollo] [--out FOLDER] [--quick]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { start } from '../src/embedded/start';
import { openDatabase } from '../src/stores/database';
import { startBenchDatabase } from './laboratory/bench-database';
import { fillLaboratory, type Laboratory, type Sizes } from './laboratory/fill';
import { readOptions } from './laboratory/options';
import { addressOf, bodiesOf, readSizes, readWorkload } from './laboratory/read-workloads';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { send } from './laboratory/server-process';
import { EPOCHGRAPH, sidesOf, startSide, type Side } from './laboratory/sides';
import { figureOf, type Figure } from './laboratory/statistics';

/** One way to start. */
export interface StartUp {
  key: string;
  title: string;
  firstAnswerMs: Figure;
}

export interface StartUpResult extends Circumstances {
  starts: StartUp[];
}

interface Case {
  key: string;
  title: string;
  /** Starts it, waits for its answer and stops it. */
  run: () => Promise<number>;
}

const BY_ID = readWorkload('a');

async function firstAnswer(side: Side, uri: string | undefined, body: string): Promise<number> {
  const began = performance.now();
  const running = await startSide(side, uri);
  try {
    const text = await send(addressOf(running, BY_ID), body);
    const took = performance.now() - began;
    if (!text.startsWith('{"data":')) throw new Error(`${side.title} answers ${text.slice(0, 500)}`);
    return took;
  } finally {
    await running.stop();
  }
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 5, seconds: 0 });
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  let laboratory: Laboratory | undefined;
  const database = await startBenchDatabase(async (open) => {
    laboratory = await fillLaboratory((await open('filled')).collections, readSizes(options));
  });
  const circumstances = await circumstancesOf('start-up', database, options);
  try {
    const [body] = bodiesOf(BY_ID, laboratory!) as [string];
    const cases = sidesOf(options.sides).map((side): Case => ({
      key: side.key,
      title: `${side.title}, on a running database with data`,
      run: () => firstAnswer(side, database.uri('filled'), body),
    }));
    if (database.kind === 'embedded' && cases.some(({ key }) => key === EPOCHGRAPH)) {
      cases.unshift(...(await embedded(folder, body, readSizes(options))));
    }
    const times = new Map<Case, number[]>(cases.map((one) => [one, []]));
    for (let round = 0; round < options.rounds; round++) {
      for (const one of cases) times.get(one)!.push(await one.run());
    }
    const starts = cases.map((one): StartUp => ({
      key: one.key,
      title: one.title,
      firstAnswerMs: figureOf(times.get(one)!),
    }));
    for (const { title, firstAnswerMs } of starts) {
      console.log(`${title.padEnd(60)} ${firstAnswerMs.median} ms (${firstAnswerMs.min} to ${firstAnswerMs.max})`);
    }
    const result: StartUpResult = { ...circumstances, starts };
    await writeResult(result, options);
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Epochgraph with a database that it starts itself. */
async function embedded(folder: string, body: string, sizes: Sizes): Promise<Case[]> {
  const dataDir = path.join(folder, 'filled');
  const filled = await start({ dataDir, noSync: true });
  const opened = await openDatabase(filled.uri);
  await fillLaboratory(opened.collections, sizes);
  await opened.close();
  await filled.close();
  const [side] = sidesOf([EPOCHGRAPH]) as [Side];
  const at = (data: string): Side => ({ ...side, environment: { DATA_DIR: data } });
  return [
    {
      key: 'embedded-empty',
      title: 'Epochgraph with its embedded database, in an empty folder',
      run: () => firstAnswer(at(mkdtempSync(path.join(folder, 'empty-'))), undefined, body),
    },
    {
      key: 'embedded-filled',
      title: 'Epochgraph with its embedded database, with data',
      run: () => firstAnswer(at(dataDir), undefined, body),
    },
  ];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
