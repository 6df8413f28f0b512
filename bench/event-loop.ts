/**
 * What long work does to everybody else: a small query is sent every 10 ms all along, beside the same at rest, to a
 * server in a process of its own on the embedded database (written to disk as always).
 *
 *     npm run bench -- event-loop [epochs] [subjects]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMAND_LINE, post, startBenchServer } from './laboratory/server-process';
import { quantile, show, SmallQueries } from './laboratory/small-queries';

const REST_MS = 3_000;
const BATCH = 1_000;

function epochs(start: number): object[] {
  return Array.from({ length: BATCH }, (_, index) => ({
    epoch: start + index,
    metrics: Object.fromEntries(
      ['train_loss', 'val_loss', 'learning_rate', ...Array.from({ length: 9 }, (_unused, n) => `metric_${n}`)].map(
        (name, place) => [name, Math.sin(start + index + place) + 2],
      ),
    ),
    timing: { durationSeconds: 12.5 },
    memory: { gpuAllocatedMb: 1234 },
  }));
}

const CREATE = 'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } } }';
const LOG = 'mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created errors { message } } }';
const REWIND = 'mutation ($id: ID!) { rewindExperiment(experimentId: $id, toEpoch: 9) { deletedEpochs } }';
const COMPLETE =
  'mutation ($id: ID!) { updateExperimentStatus(input: { experimentId: $id, status: COMPLETED }) { experiment { id } } }';
const DELETE = 'mutation ($id: ID!) { deleteExperiment(id: $id) { deletedEpochs } }';
const UPSERT = 'mutation ($subjects: [SubjectInput!]!) { upsertSubjects(subjects: $subjects) { created } }';

async function create(url: string): Promise<string> {
  const { createExperiment } = await post<{ createExperiment: { experiment: { id: string } } }>(url, CREATE, {
    input: { name: 'bench' },
  });
  return createExperiment.experiment.id;
}

async function log(url: string, experimentId: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += BATCH) {
    await post(url, LOG, { input: { experimentId, epochs: epochs(start) } });
  }
}

async function upsert(url: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += BATCH) {
    const subjects = Array.from({ length: BATCH }, (_, index) => ({
      subjectId: `sub-${start + index}`,
      age: 10 + (index % 10),
      releases: ['R1'],
      phenotypic: { p_factor: index / 7, attention: index / 11 },
    }));
    await post(url, UPSERT, { subjects });
  }
}

async function importTable(folder: string, dataDir: string, count: number): Promise<void> {
  const file = path.join(folder, 'participants.tsv');
  const rows = Array.from(
    { length: count },
    (_, index) => `sub-NEW${index}\tR2\t${8 + (index % 9)}.5\tF\t${index / 7}`,
  );
  writeFileSync(file, ['participant_id\trelease_number\tage\tsex\tp_factor', ...rows, ''].join('\n'));
  const child = spawn(process.execPath, [COMMAND_LINE, 'import-bids', file], {
    cwd: folder,
    env: { ...process.env, DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`import-bids ended with ${code}`);
}

async function main(): Promise<void> {
  const epochCount = Number(process.argv[2] ?? 100_000);
  const subjectCount = Number(process.argv[3] ?? 20_000);
  const { url, folder, dataDir, stop } = await startBenchServer();
  try {
    const run = await create(url);
    const other = await create(url);
    const small = new SmallQueries(url);
    await sleep(REST_MS);
    const works: [string, () => Promise<unknown>][] = [
      [`logEpochs, ${epochCount} epochs by ${BATCH}`, () => log(url, run, epochCount)],
      [
        'logEpochs by 1000 to four experiments at once',
        async () => Promise.all([1, 2, 3, 4].map(async () => log(url, await create(url), epochCount / 10))),
      ],
      ['logEpochs, the same again (UNCHANGED)', () => log(url, run, epochCount / 10)],
      ['… to the one that is rewound', () => log(url, other, epochCount / 2)],
      [`rewindExperiment, ${epochCount / 2} epochs`, () => post(url, REWIND, { id: other })],
      [`updateExperimentStatus that ends a run of ${epochCount} epochs`, () => post(url, COMPLETE, { id: run })],
      [`deleteExperiment, ${epochCount} epochs`, () => post(url, DELETE, { id: run })],
      [`upsertSubjects, ${subjectCount} by ${BATCH}`, () => upsert(url, subjectCount)],
      [`import-bids of ${subjectCount} beside the server`, () => importTable(folder, dataDir, subjectCount)],
    ];
    for (const [name, work] of works) {
      const rest = await small.during(() => sleep(REST_MS));
      const began = performance.now();
      const times = await small.during(work);
      const seconds = (performance.now() - began) / 1000;
      const ratio = quantile(times, 0.99) / quantile(rest, 0.99);
      process.stdout.write(
        `${name} (${seconds.toFixed(1)} s)\n  meanwhile ${show(times)}\n  at rest   ${show(rest)}; p99 ratio ${ratio.toFixed(1)}\n`,
      );
    }
    await small.stop();
  } finally {
    await stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
