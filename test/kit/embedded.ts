import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const BUILT = path.resolve(__dirname, '../../dist/src');
export const REPOSITORY = path.resolve(__dirname, '../..');

/** A new empty folder, and what removes it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
