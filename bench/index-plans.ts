/**
 * The table of docs/indexes.md: for every kind of list page, the index that the database takes and what it examines for
 * the first 50 records, in a laboratory of 10,000 experiments unless another number is given.
 *
 *     npm run bench -- index-plans [experiments]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ObjectId } from 'mongodb';
import { start } from '../src/embedded/start';
import { openDatabase, type Database } from '../src/stores/database';
import { explainPage } from '../src/stores/explain';
import { fillLaboratory } from './laboratory/fill';
import { listQueries } from './laboratory/list-queries';

const PAGE = 50;

async function printTable({ collections }: Database, run: ObjectId): Promise<void> {
  const child = await collections.experiments.findOne({ parent_experiment_id: { $type: 'objectId' } });
  if (!child) throw new Error('No experiment continues another; take a larger number.');
  const rows = [['list', 'index', 'keys', 'documents', 'returned']];
  for (const query of listQueries({ run, parent: child.parent_experiment_id as ObjectId })) {
    const { collection, filter, order } = query;
    const plan = await explainPage(collections[collection], filter, order, PAGE);
    const { indexName, stage, keysExamined, documentsExamined, returned } = plan;
    const index = indexName ? `\`${indexName}\`` : stage;
    rows.push([query.what, index, ...[keysExamined, documentsExamined, returned].map(String)]);
  }
  const [head, ...lines] = rows.map((cells) => `| ${cells.join(' | ')} |`);
  process.stdout.write([head, '| --- | --- | --- | --- | --- |', ...lines, ''].join('\n'));
}

async function main(): Promise<void> {
  const experiments = Number(process.argv[2] ?? 10_000);
  if (!Number.isSafeInteger(experiments) || experiments < 100) {
    throw new Error('Usage: index-plans [experiments, 100 or more]');
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const embedded = await start({ dataDir: folder, noSync: true });
  try {
    const database = await openDatabase(embedded.uri);
    const sizes = { experiments, epochs: experiments * 5, checkpoints: experiments * 2, subjects: experiments / 2 };
    const { experimentIds } = await fillLaboratory(database.collections, sizes);
    await printTable(database, experimentIds.at(-1)!);
    await database.close();
  } finally {
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
