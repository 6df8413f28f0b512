import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY, temporaryFolder } from '../kit/embedded';
import { killProcesses, startProgram, type Exit } from '../kit/process';
import type { FanOutResult } from '../../bench/fan-out';
import type { WorkloadResult } from '../../bench/laboratory/measure-sides';
import { resultFile } from '../../bench/laboratory/result-files';
import { exponentOf, figureOf, quantile } from '../../bench/laboratory/statistics';
import type { MemoryResult } from '../../bench/memory';
import type { ReadsResult } from '../../bench/reads';
import type { ScaleResult } from '../../bench/scale';
import type { StartUpResult } from '../../bench/start-up';
import type { WritesResult } from '../../bench/writes';

const { MONGODB_URI } = process.env;
const KIND = MONGODB_URI ? 'mongodb' : 'embedded';

const { folder, remove } = temporaryFolder();
const page = path.join(folder, 'performance.md');

afterAll(async () => {
  await killProcesses();
  remove();
});

async function bench(name: string, ...args: string[]): Promise<Exit> {
  const runner = path.join(REPOSITORY, 'bench', 'run.cjs');
  return startProgram(process.execPath, [runner, name, ...args], { cwd: folder, env: { MONGODB_URI } }).exited;
}

/** Runs a benchmark in its tiny form; its result. */
async function quick<T>(name: string, ...args: string[]): Promise<T> {
  const { code, stderr } = await bench(name, '--quick', '--out', folder, ...args);
  if (code !== 0) throw new Error(`${name} failed: ${stderr}`);
  return JSON.parse(readFileSync(resultFile(name, KIND, folder), 'utf8')) as T;
}

const POSITIVE = {
  asymmetricMatch: (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0,
} as unknown as number;
const FIGURE = { median: POSITIVE, min: POSITIVE, max: POSITIVE };
const COST = { asymmetricMatch: (value: unknown) => value === null || (value as number) >= 0 };

const sideOf = (side: string) =>
  expect.objectContaining({
    side,
    perSecond: FIGURE,
    ratio: FIGURE,
    latencyMs: { p50: POSITIVE, p90: POSITIVE, p99: POSITIVE },
    cpuMs: { server: COST, database: COST },
  }) as unknown;

const sidesOf = (result: { workloads: WorkloadResult[] }, key: string) =>
  result.workloads.find((workload) => workload.key === key)!.sides;

test('benchmarks run, and their results have the form that docs/performance.md is made of', async () => {
  const [reads, writes, fanOut] = await Promise.all([
    quick<ReadsResult>('reads', '--only', 'a,c', '--sides', 'epochgraph,floor'),
    quick<WritesResult>('writes', '--only', 'e1,f', '--sides', 'epochgraph,driver'),
    quick<FanOutResult>('fan-out', '--only', '1'),
  ]);
  const [startUp, memory, scale] = await Promise.all([
    quick<StartUpResult>('start-up', '--sides', 'floor'),
    quick<MemoryResult>('memory', '--sides', 'floor'),
    quick<ScaleResult>('scale', '--sizes', '10000,11000', '--only', 'a,e'),
  ]);

  expect(reads).toMatchObject({ name: 'reads', database: { kind: KIND }, rounds: 1, machine: { cores: POSITIVE } });
  for (const key of ['a', 'c']) {
    expect(sidesOf(reads, key)).toEqual(['epochgraph', 'floor'].map(sideOf));
  }
  for (const key of ['e1', 'f']) expect(sidesOf(writes, key)).toEqual(['epochgraph', 'driver'].map(sideOf));
  const delivery = { perSecond: FIGURE, latencyMs: { p50: POSITIVE, p99: POSITIVE } };
  expect(fanOut.deliveries).toEqual(
    ['single', 'burst'].map((kind) => ({ subscribers: 1, kind, shared: delivery, each: delivery, gain: FIGURE })),
  );
  expect(startUp.starts.map(({ key }) => key)).toContain('floor');
  for (const { firstAnswerMs } of startUp.starts) expect(firstAnswerMs).toEqual(FIGURE);
  expect(memory.processes).toMatchObject([{ side: 'floor', rest: FIGURE, peak: FIGURE, after: FIGURE }]);
  expect(scale.sizes).toEqual([10_000, 11_000]);
  expect(scale.operations).toMatchObject(['a', 'e'].map((key) => ({ key, grows: false, costs: [FIGURE, FIGURE] })));

  const made = await bench('report', '--results', folder, '--page', page);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const text = readFileSync(page, 'utf8');
  for (const { title } of [...reads.workloads, ...scale.operations]) expect(text).toContain(title);
  expect(text).toContain('| the driver alone ');
}, 120_000);

test('the check of docs/performance.md fails where it is not what the results give', async () => {
  const check = () => bench('report', '--check', '--results', folder, '--page', page);
  expect((await check()).code).toBe(0);
  writeFileSync(page, readFileSync(page, 'utf8').replace(/\d \(|\d \|/, '9$&'));
  const { code, stderr } = await check();
  expect(code).toBe(1);
  expect(stderr).toContain('npm run bench -- report');
});

test('the page says what was not measured, and no target counts as reached by it', async () => {
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  const { code } = await bench('report', '--results', empty, '--page', page);
  expect(code).toBe(0);
  const text = readFileSync(page, 'utf8');
  expect(text).toContain('Not measured yet: `npm run bench -- all`');
  expect(text).not.toMatch(/\| +(\*\*not )?reached/);
});

test('what a benchmark does not know, it refuses by name', async () => {
  for (const [args, message] of [
    [['reads', '--only', 'z'], 'There is no z; there are a, b, c, d.'],
    [['reads', '--sides', 'hapi'], 'There is no side hapi'],
    [['scale', '--sizes', '5'], '--sizes takes whole numbers'],
  ] as const) {
    const [name, ...rest] = args;
    const { code, stderr } = await bench(name, ...rest);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
  }
});

test('figures: quantiles between neighbours, and the exponent of a power law', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(figureOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  const sizes = [10_000, 100_000, 1_000_000];
  expect(exponentOf(sizes.map((size) => ({ size, cost: 3 * size ** 0.5 })))).toBeCloseTo(0.5);
  expect(exponentOf(sizes.map((size) => ({ size, cost: 7 })))).toBeCloseTo(0);
});
