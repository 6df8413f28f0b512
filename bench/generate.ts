/**
 * Fills the empty database that a connection string names with a laboratory of invented runs, in the shape that the server
 * stores; the same sizes and seed give the same documents.
 *
 *     npm run bench -- generate URI [experiments] [epochs] [checkpoints] [subjects] [seed]
 */
import { performance } from 'node:perf_hooks';
import { openDatabase } from '../src/stores/database';
import { COLLECTION_NAMES } from '../src/stores/collections';
import { fillLaboratory } from './laboratory/fill';

const DEFAULTS = [1_000, 100_000, 5_000, 500, 1];

async function main(): Promise<void> {
  const [uri, ...given] = process.argv.slice(2);
  const numbers = DEFAULTS.map((value, place) => (given[place] === undefined ? value : Number(given[place])));
  if (!uri || given.length > DEFAULTS.length || numbers.some((value) => !Number.isSafeInteger(value) || value < 0)) {
    throw new Error(
      'Usage: generate URI [experiments] [epochs] [checkpoints] [subjects] [seed], all of them whole numbers',
    );
  }
  const [experiments, epochs, checkpoints, subjects, seed] = numbers as [number, number, number, number, number];
  if (experiments === 0 && epochs + checkpoints > 0) throw new Error('Epochs and checkpoints need an experiment.');
  const database = await openDatabase(uri);
  try {
    for (const name of COLLECTION_NAMES) {
      if (await database.collections[name].findOne())
        throw new Error(`The collection ${name} is not empty; take another database.`);
    }
    const began = performance.now();
    await fillLaboratory(database.collections, { experiments, epochs, checkpoints, subjects }, seed);
    process.stdout.write(`Done in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
