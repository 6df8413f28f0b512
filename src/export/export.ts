import { mkdir, readdir, rm, writeFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Document, Filter } from 'mongodb';
import { StartupError } from '../errors';
import type { CollectionName } from '../stores/collections';
import { toLine, type RawDocuments } from '../stores/raw-documents';
import { columnsOf, headerOf, toRow } from './csv-epochs';
import { LinesFile } from './lines-file';
import { MANIFEST, type ExportedFile, type Manifest } from './manifest';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportOptions {
  folder: string;
  /** `csv` writes the epochs as CSV, and the other collections as NDJSON all the same. */
  format: ExportFormat;
  /** Which experiments, with their epochs and checkpoints; null for all, and for epochs of none. */
  filter: Filter<Document> | null;
  /** The filter as it was given, for the manifest. */
  filterText: string | null;
  /** Name and version of the program, for the manifest. */
  createdBy: string;
  onRows?: (rows: number) => void;
}

/**
 * Children first: a run that is created meanwhile may then be in the export without its epochs, but no epoch is without
 * its run.
 */
const ORDER = ['epochs', 'checkpoints', 'experiments', 'subjects'] as const satisfies CollectionName[];
const IDS_AT_A_TIME = 500;
const CSV_ATTEMPTS = 5;

/**
 * Writes all documents of the four collections into a folder, a file a collection, in the order of their ids, and at
 * last the manifest. It takes the same memory whatever their number. What an interrupted export left is written anew;
 * a folder that holds anything else is refused with a StartupError.
 */
export async function exportTo(documents: RawDocuments, options: ExportOptions): Promise<Manifest> {
  const { folder, format, filter, filterText, createdBy, onRows = () => undefined } = options;
  await prepare(folder);
  const ids = filter === null ? null : await documents.experimentIds(filter);
  const files: ExportedFile[] = [];
  for (const collection of ORDER) {
    const read = () => select(documents, collection, ids);
    files.push(
      collection === 'epochs' && format === 'csv'
        ? await writeCsv(folder, read, onRows)
        : await writeLines(folder, collection, read(), onRows),
    );
  }
  const manifest: Manifest = {
    format: 'epochgraph-export',
    version: 1,
    createdBy,
    createdAt: new Date().toISOString(),
    experiments: filterText,
    files,
  };
  const file = path.join(folder, MANIFEST);
  await writeFile(`${file}.partial`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(`${file}.partial`, file);
  return manifest;
}

function select(
  documents: RawDocuments,
  collection: CollectionName,
  ids: readonly unknown[] | null,
): AsyncIterable<Document> {
  if (ids === null || collection === 'subjects') return documents.all(collection);
  return collection === 'experiments' ? experimentsOf(documents, ids) : documents.ofExperiments(collection, ids);
}

async function* experimentsOf(documents: RawDocuments, ids: readonly unknown[]): AsyncGenerator<Document> {
  for (let start = 0; start < ids.length; start += IDS_AT_A_TIME) {
    const some = { _id: { $in: ids.slice(start, start + IDS_AT_A_TIME) } } as Filter<Document>;
    yield* documents.all('experiments', some);
  }
}

async function writeLines(
  folder: string,
  collection: CollectionName,
  found: AsyncIterable<Document>,
  onRows: (rows: number) => void,
): Promise<ExportedFile> {
  const name = `${collection}.ndjson`;
  const file = await LinesFile.create(folder, name);
  let count = 0;
  try {
    for await (const document of found) {
      await file.add(toLine(document));
      count++;
      onRows(1);
    }
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return { name, collection, documents: count, ...(await file.finish()) };
}

/** The columns are those that any epoch has, so that the epochs are read twice. */
async function writeCsv(
  folder: string,
  read: () => AsyncIterable<Document>,
  onRows: (rows: number) => void,
): Promise<ExportedFile> {
  const name = 'epochs.csv';
  const found = new Set(['_id', 'experiment_id', 'epoch']);
  for await (const epoch of read()) for (const column of columnsOf(epoch)) found.add(column);
  for (let attempt = 1; attempt <= CSV_ATTEMPTS; attempt++) {
    const columns = [...found];
    const file = await LinesFile.create(folder, name);
    let count = 0;
    await file.add(headerOf(columns));
    for await (const epoch of read()) {
      for (const column of columnsOf(epoch)) found.add(column);
      await file.add(toRow(epoch, columns));
      count++;
      onRows(1);
    }
    // An epoch that came meanwhile may have had a column of its own.
    if (found.size === columns.length)
      return { name, collection: 'epochs', documents: count, ...(await file.finish()) };
    await file.abandon();
  }
  throw new StartupError('New metrics are logged all the time. Use --format ndjson, or wait until fewer runs start.');
}

/** Makes the folder, and removes what an interrupted export left in it. */
async function prepare(folder: string): Promise<void> {
  let entries: string[];
  try {
    await mkdir(folder, { recursive: true });
    entries = await readdir(folder);
  } catch (error) {
    throw new StartupError(`${folder} can't be used: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
  }
  const own = new Set(ORDER.flatMap((name) => [`${name}.ndjson`, `${name}.csv`]).concat(MANIFEST));
  const isOurs = (entry: string) => own.has(entry.replace(/\.partial$/, ''));
  if (entries.includes(MANIFEST)) {
    throw new StartupError(`${folder} holds an export already. Name another folder, or remove this one.`);
  }
  const foreign = entries.find((entry) => !isOurs(entry));
  if (foreign !== undefined) {
    throw new StartupError(
      `${folder} is not empty (it has ${foreign}). Name a folder that is, or that does not exist.`,
    );
  }
  for (const entry of entries) await rm(path.join(folder, entry));
}
