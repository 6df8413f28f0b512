/**
 * Reads, side by side: Epochgraph as it is shipped, Apollo Server on Express, graphql-yoga and Mercurius serve the same
 * schema over the same stores and the same data, and the floor sends what the driver finds. Each is a process of its own;
 * the load comes from another. That all give the same answers is checked before anything is measured.
 *
 *     npm run bench -- reads [--only a,c] [--sides epochgraph,floor] [--rounds 5] [--seconds 2] [--out FOLDER] [--quick]
 */
import { isDeepStrictEqual } from 'node:util';
import { startBenchDatabase } from './laboratory/bench-database';
import { measureSides, type WorkloadResult } from './laboratory/measure-sides';
import { fillLaboratory, type Laboratory } from './laboratory/fill';
import { startLoadProcess } from './laboratory/load';
import { chosen, readOptions } from './laboratory/options';
import { addressOf, bodiesOf, readSizes, READ_WORKLOADS, type ReadWorkload } from './laboratory/read-workloads';
import { circumstancesOf, writeResult, type Circumstances } from './laboratory/results';
import { send } from './laboratory/server-process';
import { FLOOR, sidesOf, startSide, type RunningSide } from './laboratory/sides';

const DATABASE = 'reads';
/** How many requests of a workload all sides answer, to be compared. */
const CHECKED = 20;

export interface ReadsResult extends Circumstances {
  workloads: WorkloadResult[];
}

/** JSON.stringify, which is all that the floor has, makes null of NaN. */
function withoutNaN(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/"(NaN|-?Infinity)"/g, 'null'));
}

/** Throws where a side answers other than the first one does. */
async function checkAnswers(workload: ReadWorkload, sides: readonly RunningSide[], body: string): Promise<void> {
  let expected: unknown;
  for (const side of sides) {
    const text = await send(addressOf(side, workload), body);
    const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown };
    if (!data || errors) throw new Error(`${side.title} fails on (${workload.key}): ${text.slice(0, 500)}`);
    const isFloor = side.key === FLOOR;
    const answer = isFloor ? workload.answer(data) : data;
    expected ??= answer;
    const wanted = isFloor ? withoutNaN(expected) : expected;
    if (!isDeepStrictEqual(answer, wanted)) {
      throw new Error(`${side.title} answers (${workload.key}) other than ${sides[0]!.title}: ${text.slice(0, 500)}`);
    }
  }
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 5, seconds: 2 });
  const workloads = chosen(READ_WORKLOADS, options.only);
  const sides = sidesOf(options.sides);
  let laboratory: Laboratory;
  const database = await startBenchDatabase(async (open) => {
    laboratory = await fillLaboratory((await open(DATABASE)).collections, readSizes(options));
  });
  const circumstances = await circumstancesOf('reads', database, options);
  const load = startLoadProcess();
  const running: RunningSide[] = [];
  try {
    for (const side of sides) running.push(await startSide(side, database.uri(DATABASE)));
    const results: WorkloadResult[] = [];
    for (const workload of workloads) {
      const { key, title, connections } = workload;
      const bodies = bodiesOf(workload, laboratory!);
      for (const body of bodies.slice(0, CHECKED)) await checkAnswers(workload, running, body);
      const result = await measureSides({ key, title, unit: 'requests' }, running, options, database.pid, {
        least: connections,
        run: (side, amount) => load.run({ url: addressOf(side, workload), connections, bodies, amount }),
      });
      results.push({ ...result, connections });
    }
    const result: ReadsResult = { ...circumstances, workloads: results };
    await writeResult(result, options);
  } finally {
    load.stop();
    for (const side of running) await side.stop();
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
