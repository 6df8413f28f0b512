import { existsSync, readFileSync } from 'node:fs';
import type { FanOutResult } from '../../fan-out';
import type { MemoryResult } from '../../memory';
import type { ReadsResult } from '../../reads';
import type { ScaleResult } from '../../scale';
import type { StartUpResult } from '../../start-up';
import type { WritesResult } from '../../writes';
import { resultFile } from '../result-files';
import type { Circumstances } from '../results';

/** The results of all benchmarks of one database; one that was not run on it is missing. */
export interface Results {
  reads?: ReadsResult;
  writes?: WritesResult;
  'fan-out'?: FanOutResult;
  'start-up'?: StartUpResult;
  memory?: MemoryResult;
  scale?: ScaleResult;
}

/** In the order in which they are run. */
export const BENCHMARKS = ['reads', 'writes', 'fan-out', 'start-up', 'memory', 'scale'] as const;

/** Reads the results of a database from a folder. */
export function readResults(kind: 'embedded' | 'mongodb', folder: string): Results {
  const files = BENCHMARKS.map((name) => [name, resultFile(name, kind, folder)] as const);
  return Object.fromEntries(
    files.filter(([, file]) => existsSync(file)).map(([name, file]) => [name, JSON.parse(readFileSync(file, 'utf8'))]),
  );
}

/** Those that there are, in the order in which they are run. */
export function listOf(results: Results): Circumstances[] {
  return BENCHMARKS.map((name) => results[name]).filter((result) => result !== undefined);
}
