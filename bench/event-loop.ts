/**
 * What long work does to everybody else: a small query is sent every 10 ms all along, beside the same at rest, to a
 * server in a process of its own on the embedded database (written to disk as always).
 *
 *     npm run bench -- event-loop [epochs] [subjects]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const EVERY_MS = 10;
const REST_MS = 3_000;
const BATCH = 1_000;
const PROBE = '{ experiments(first: 5) { nodes { id name status liveness metrics { bestValLoss } } } }';
const COMMAND_LINE = path.join(__dirname, '..', '..', 'bin', 'epochgraph.js');

const agent = new Agent({ keepAlive: true });

function post<T>(url: string, query: string, variables: object = {}): Promise<T> {
  const body = JSON.stringify({ query, variables });
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => {
        const { data, errors } = JSON.parse(text) as { data: T; errors?: unknown };
        if (errors) reject(new Error(JSON.stringify(errors)));
        else resolve(data);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** In a thread of its own, so that what the load costs to make is not counted: sends the small query, tells each time. */
function probe(url: string): void {
  setInterval(() => {
    const began = performance.now();
    post(url, PROBE).then(
      () => parentPort!.postMessage(performance.now() - began),
      (error: Error) => parentPort!.postMessage(error.message),
    );
  }, EVERY_MS);
}

class Probe {
  private times: number[] = [];
  private readonly worker: Worker;

  constructor(url: string) {
    this.worker = new Worker(__filename, { workerData: url });
    this.worker.on('message', (time: number | string) => {
      if (typeof time === 'string') throw new Error(`A small query failed: ${time}`);
      this.times.push(time);
    });
  }

  /** The times of the small queries that were answered while `work` ran, ascending. */
  async during(work: () => Promise<unknown>): Promise<number[]> {
    this.times = [];
    await work();
    return this.times.sort((a, b) => a - b);
  }

  stop(): Promise<number> {
    return this.worker.terminate();
  }
}

function at(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
}

function show(times: readonly number[]): string {
  const [p50, p99, worst] = [at(times, 0.5), at(times, 0.99), times.at(-1)!];
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${worst.toFixed(1)} ms of ${times.length}`;
}

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
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const dataDir = path.join(folder, 'data');
  const child = spawn(process.execPath, [COMMAND_LINE, 'serve'], {
    cwd: folder,
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /listens on (\S+)/.exec(line.toString())![1]!;
    const run = await create(url);
    const other = await create(url);
    const small = new Probe(url);
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
      [`deleteExperiment, ${epochCount} epochs`, () => post(url, DELETE, { id: run })],
      [`upsertSubjects, ${subjectCount} by ${BATCH}`, () => upsert(url, subjectCount)],
      [`import-bids of ${subjectCount} beside the server`, () => importTable(folder, dataDir, subjectCount)],
    ];
    for (const [name, work] of works) {
      const rest = await small.during(() => sleep(REST_MS));
      const began = performance.now();
      const times = await small.during(work);
      const seconds = (performance.now() - began) / 1000;
      const ratio = at(times, 0.99) / at(rest, 0.99);
      process.stdout.write(
        `${name} (${seconds.toFixed(1)} s)\n  meanwhile ${show(times)}\n  at rest   ${show(rest)}; p99 ratio ${ratio.toFixed(1)}\n`,
      );
    }
    await small.stop();
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

if (!isMainThread) probe(workerData as string);
else {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
