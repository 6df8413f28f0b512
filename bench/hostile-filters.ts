/**
 * What hostile filters cost, over HTTP on the embedded database, each beside an ordinary filtered page in the same round.
 *
 *     npm run bench -- hostile-filters [rounds]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseConfig } from '../src/config';
import { createLog } from '../src/log';
import { createServer } from '../src/server';

const DOCUMENT = `query ($filter: ExperimentFilter, $orderBy: [ExperimentOrder!]) {
  experiments(filter: $filter, orderBy: $orderBy) { totalCount }
}`;

const many = <T>(value: T): T[] => Array.from({ length: 100_000 }, () => value);

function nested(levels: number): object {
  let filter: object = {};
  for (let level = 0; level < levels; level++) filter = { not: filter };
  return filter;
}

const ORDINARY = { filter: { status: ['RUNNING'] } };
const HOSTILE: Record<string, object> = {
  '100,000 filters': { filter: { or: many({}) } },
  '100,000 ids': { filter: { ids: many('0'.repeat(24)) } },
  '100,000 tags': { filter: { tags: { any: many('x') } } },
  '100,000 order keys': { orderBy: many({ field: 'NAME' }) },
  '1,000-fold nesting': { filter: nested(1000) },
  '$where as a path': { filter: { config: [{ path: '$where', eq: 1 }] } },
  'a search full of pattern syntax': { filter: { search: '(a+)+$'.repeat(100) } },
};

function median(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 20);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const server = await createServer(parseConfig({ PORT: '0', DATA_DIR: dataDir }), createLog('error'));
  const timed = async (variables: object): Promise<number> => {
    const body = JSON.stringify({ query: DOCUMENT, variables });
    const headers = { 'content-type': 'application/json' };
    const began = performance.now();
    await (await fetch(server.url, { method: 'POST', headers, body })).text();
    return performance.now() - began;
  };
  try {
    for (const [name, variables] of Object.entries(HOSTILE)) {
      const hostile: number[] = [];
      const ordinary: number[] = [];
      for (let round = 0; round < rounds; round++) {
        hostile.push(await timed(variables));
        ordinary.push(await timed(ORDINARY));
      }
      const [cost, base] = [median(hostile), median(ordinary)];
      process.stdout.write(
        `${name}: median ${cost.toFixed(1)} ms, worst ${Math.max(...hostile).toFixed(1)} ms, ` +
          `ratio to an ordinary filter ${(cost / base).toFixed(1)}\n`,
      );
    }
  } finally {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

void main();
