import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { format, resolveConfig } from 'prettier';
import type { BenchDatabase } from './bench-database';
import type { BenchOptions } from './options';
import { resultFile, RESULTS, ROOT } from './result-files';

/** What every result says of how it came about. */
export interface Circumstances {
  name: string;
  /** Day, such as "2026-01-31". */
  date: string;
  database: { kind: 'embedded' | 'mongodb'; version: string };
  machine: { cores: number; processor: string; memoryGb: number; system: string; node: string };
  /** Share (0 to 1) of the processors that others used just before. */
  othersUse: number;
  /** Versions of the packages that are compared. */
  packages: Record<string, string>;
  rounds: number;
  seconds: number;
}

const PACKAGES = [
  '@apollo/server',
  '@as-integrations/express5',
  'autocannon',
  'express',
  'fastify',
  'graphql',
  'graphql-jit',
  'graphql-yoga',
  'mercurius',
  'mongodb',
  'type-graphql',
];

function versions(): Record<string, string> {
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    version: string;
    packages: Record<string, { version: string }>;
  };
  const own = { epochgraph: lock.version };
  const others = PACKAGES.map((name) => [name, lock.packages[`node_modules/${name}`]!.version]);
  return { ...own, ...(Object.fromEntries(others) as Record<string, string>) };
}

const LOOK_MS = 1_000;
const QUICK_LOOK_MS = 20;

/** The share of the processors that is in use, over a moment. */
async function useOfProcessors(milliseconds: number): Promise<number> {
  const times = (): { idle: number; all: number } => {
    const all = os.cpus().map((cpu) => cpu.times);
    const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
    return { idle: sum(all.map(({ idle }) => idle)), all: sum(all.flatMap((time) => Object.values(time))) };
  };
  const before = times();
  await sleep(milliseconds);
  const after = times();
  return after.all === before.all ? 0 : 1 - (after.idle - before.idle) / (after.all - before.all);
}

/**
 * The circumstances of this run, looked at while nothing of it runs but the database. No name of a host and no path is in
 * them.
 */
export async function circumstancesOf(
  name: string,
  { kind, version }: Pick<BenchDatabase, 'kind' | 'version'>,
  { rounds, seconds, quick }: BenchOptions,
): Promise<Circumstances> {
  return {
    name,
    date: new Date().toISOString().slice(0, 10),
    database: { kind, version },
    machine: {
      cores: os.availableParallelism(),
      processor: os.cpus()[0]!.model.trim(),
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
      system: `${os.type()} ${os.arch()}`,
      node: process.versions.node,
    },
    othersUse: Number((await useOfProcessors(quick ? QUICK_LOOK_MS : LOOK_MS)).toFixed(2)),
    packages: versions(),
    rounds,
    seconds,
  };
}

/**
 * Writes a result: to bench/results, from which docs/performance.md is made, or to the folder that the options name. A
 * run of some workloads or sides, or of the tiny form, replaces no whole one: it is written only where a folder is named.
 */
export async function writeResult(
  result: Circumstances,
  { quick, only, sides, sizes, out }: BenchOptions,
): Promise<void> {
  if (!out && (quick || only || sides || sizes)) {
    process.stdout.write('\nNot kept, as it is not the whole benchmark; --out FOLDER keeps it.\n');
    return;
  }
  const file = resultFile(result.name, result.database.kind, out ?? RESULTS);
  mkdirSync(path.dirname(file), { recursive: true });
  const text = await format(JSON.stringify(result), { ...(await resolveConfig(RESULTS)), parser: 'json' });
  writeFileSync(file, text);
  process.stdout.write(`\nWritten to ${path.relative(process.cwd(), file)}.\n`);
}
