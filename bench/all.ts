/**
 * Everything that docs/performance.md is made of, one after the other, and then that file. Arguments go to each.
 *
 *     npm run bench -- all [--quick --out FOLDER]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { BENCHMARKS } from './laboratory/performance/results-of';

async function run(name: string, args: readonly string[]): Promise<void> {
  console.log(`\n== ${name}`);
  const began = performance.now();
  const child = spawn(process.execPath, [path.join(__dirname, `${name}.js`), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${name} failed.`);
  console.log(`== ${name} took ${Math.round((performance.now() - began) / 1_000)} s`);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  for (const name of BENCHMARKS) await run(name, args);
  if (args.length === 0) await run('report', []);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
