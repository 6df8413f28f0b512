import path from 'node:path';

export const ROOT = path.join(__dirname, '..', '..', '..');

/** Where results are kept, committed. */
export const RESULTS = path.join(ROOT, 'bench', 'results');

/** Where the result of a benchmark is kept. */
export function resultFile(name: string, kind: 'embedded' | 'mongodb', folder: string): string {
  return path.join(folder, `${name}${kind === 'mongodb' ? '.mongodb' : ''}.json`);
}
