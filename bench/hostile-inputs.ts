/**
 * What hostile inputs do to the process: all that the tests generate from the schema, round after round, over HTTP, with
 * its memory after each round (as its own /metrics tells it) and what small queries meanwhile wait, beside the same at
 * rest.
 *
 *     npm run bench -- hostile-inputs [rounds]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../src/log';
import { openConfiguredDatabase } from '../src/open-database';
import { parseConfig } from '../src/config';
import { createSchema } from '../src/schema';
import { hostileInputs } from '../test/hostile/inputs';
import { fill, STORED } from '../test/hostile/laboratory';
import { send, startBenchServer } from './laboratory/server-process';
import { quantile, show, SmallQueries } from './laboratory/small-queries';

const REST_MS = 3_000;
const MB = 1024 * 1024;

/** Resident memory and used heap of the server, in MB. */
async function memoryOf(url: string): Promise<string> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]) / MB;
  return `resident ${read('process_resident_memory_bytes').toFixed(0)} MB, heap ${read('nodejs_heap_size_used_bytes').toFixed(0)} MB`;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const bodies = [...hostileInputs(createSchema(), STORED, true)]
    .filter(({ kind }) => kind !== 'subscription')
    .map(({ document, variables }) => `{"query":${JSON.stringify(document)},"variables":${variables}}`);
  const server = await startBenchServer();
  try {
    const log = createLog('warn');
    const opened = await openConfiguredDatabase(parseConfig({ DATA_DIR: server.dataDir }), log, { whenInUse: 'join' });
    await fill(opened.database);
    const small = new SmallQueries(server.url);
    await sleep(REST_MS);
    const rest = await small.during(() => sleep(REST_MS));
    process.stdout.write(`at rest: ${show(rest)}; ${await memoryOf(server.url)}\n`);
    for (let round = 1; round <= rounds; round++) {
      const began = performance.now();
      const waits = await small.during(async () => {
        for (const body of bodies) await send(server.url, body);
      });
      const seconds = (performance.now() - began) / 1000;
      await fill(opened.database);
      const ratio = quantile(waits, 0.99) / quantile(rest, 0.99);
      process.stdout.write(
        `round ${round}, ${bodies.length} inputs in ${seconds.toFixed(1)} s: small queries ${show(waits)}, ` +
          `p99 ratio ${ratio.toFixed(1)}; ${await memoryOf(server.url)}\n`,
      );
    }
    await small.stop();
    await opened.close();
  } finally {
    await server.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
