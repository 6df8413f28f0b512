import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { StartupError } from '../errors';
import { COLLECTION_NAMES, type CollectionName } from '../stores/collections';
import { toLine, type ImportOutcome, type RawDocuments } from '../stores/raw-documents';
import type { RawDocument } from './csv-epochs';
import { sumOf } from './lines-file';
import { MANIFEST, readManifest } from './manifest';
import { readDocuments } from './read-lines';

/** A line that was not stored, or (`kept`) under whose key another document is stored. */
export interface ImportProblem {
  file: string;
  line: number;
  message: string;
}

/** Counts of a collection. `read` is the sum of the others. */
export interface ImportCounts extends Record<ImportOutcome | 'refused', number> {
  read: number;
}

export interface ImportOptions {
  folder: string;
  /** Of `openExport`. */
  files: readonly SourceFile[];
  onRows?: (rows: number) => void;
  onProblem: (problem: ImportProblem) => void;
}

export interface SourceFile {
  name: string;
  collection: CollectionName;
  documents: number | undefined;
}

const BATCH = 1000;
const AT_A_TIME = 3;
/** Parents before children. */
const ORDER: readonly CollectionName[] = ['experiments', 'epochs', 'checkpoints', 'subjects'];

/**
 * The files of an exported folder, checked: throws a StartupError for one that is missing or not as it was written. A
 * folder without a manifest, such as one of mongoexport's, is taken with `unverified` alone.
 */
export async function openExport(folder: string, unverified: boolean): Promise<SourceFile[]> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`${folder} can't be read: ${error.code ?? String(error)}.`);
  });
  const inOrder = (files: SourceFile[]) =>
    files.sort((a, b) => ORDER.indexOf(a.collection) - ORDER.indexOf(b.collection));
  if (!entries.includes(MANIFEST)) {
    if (!unverified) {
      throw new StartupError(
        `${folder} has no ${MANIFEST}: it is no complete export. Export again, or give --unverified to take the ` +
          'files that are there (as for files of mongoexport).',
      );
    }
    const files = COLLECTION_NAMES.flatMap((collection) =>
      ['ndjson', 'json', 'csv']
        .map((ending) => `${collection}.${ending}`)
        .filter((name) => entries.includes(name) && (!name.endsWith('csv') || collection === 'epochs'))
        .map((name) => ({ name, collection, documents: undefined })),
    );
    if (files.length === 0)
      throw new StartupError(`${folder} has none of ${COLLECTION_NAMES.join('.ndjson, ')}.ndjson.`);
    return inOrder(files);
  }
  const manifest = readManifest(await readFile(path.join(folder, MANIFEST), 'utf8'));
  if (!manifest) throw new StartupError(`${path.join(folder, MANIFEST)} is no manifest that this version reads.`);
  for (const { name, bytes, sha256 } of manifest.files) {
    if (!entries.includes(name)) throw new StartupError(`${folder} lacks ${name}, which its manifest names.`);
    const found = await sumOf(path.join(folder, name));
    if (found.bytes !== bytes || found.sha256 !== sha256) {
      throw new StartupError(
        `${path.join(folder, name)} is not as it was exported (${found.bytes} bytes of ${bytes}` +
          `${found.bytes === bytes ? ', other content' : ''}). Nothing was imported.`,
      );
    }
  }
  return inOrder(manifest.files.map(({ name, collection, documents }) => ({ name, collection, documents })));
}

/**
 * Stores the documents of an exported folder as they are. One whose key is taken stays out, and is a problem unless the
 * same is stored. Then the metrics of runs are brought in line with the epochs, where the two came from different times
 * or places. Interrupted, it can be repeated.
 */
export async function importFrom(
  documents: RawDocuments,
  { folder, files, onRows = () => undefined, onProblem }: ImportOptions,
): Promise<Map<CollectionName, ImportCounts>> {
  const counts = new Map<CollectionName, ImportCounts>();
  const runs = new Runs();
  for (const { name, collection, documents: expected } of files) {
    const file = path.join(folder, name);
    const of = { read: 0, created: 0, unchanged: 0, kept: 0, refused: 0, ...counts.get(collection) };
    counts.set(collection, of);
    const settle = (batch: Numbered[], outcomes: ImportOutcome[]) => {
      batch.forEach(({ line, document }, index) => {
        const outcome = outcomes[index]!;
        of[outcome]++;
        if (collection === 'experiments') runs.noteExperiment(document, outcome);
        if (collection === 'epochs') runs.noteEpoch(document);
        if (outcome === 'kept')
          onProblem({
            file: name,
            line,
            message: `${shownId(document)}: another document is stored under its key, and stays.`,
          });
      });
      onRows(batch.length);
    };
    const before = of.read;
    await inBatches(
      file,
      (batch) =>
        documents.insert(
          collection,
          batch.map(({ document }) => document),
        ),
      settle,
      (line, message) => {
        of.refused++;
        onProblem({ file: name, line, message });
      },
      () => of.read++,
    );
    if (expected !== undefined && of.read - before !== expected) {
      throw new StartupError(`${file} has ${of.read - before} documents; its manifest says ${expected}.`);
    }
  }
  for (const id of runs.toRefresh()) await documents.refreshProgress(id);
  return counts;
}

interface Numbered {
  line: number;
  document: RawDocument;
}

async function inBatches(
  file: string,
  insert: (batch: Numbered[]) => Promise<ImportOutcome[]>,
  settle: (batch: Numbered[], outcomes: ImportOutcome[]) => void,
  refuse: (line: number, message: string) => void,
  onRead: () => void,
): Promise<void> {
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let batch: Numbered[] = [];
  const write = async (): Promise<void> => {
    const full = batch;
    batch = [];
    while (open.size >= AT_A_TIME) await Promise.race(open);
    if (failures.length > 0) throw failures[0];
    const work = insert(full)
      .then((outcomes) => settle(full, outcomes))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => open.delete(work));
    open.add(work);
  };
  for await (const read of readDocuments(file)) {
    onRead();
    if ('problem' in read) refuse(read.line, read.problem);
    else batch.push(read);
    if (batch.length >= BATCH) await write();
  }
  if (batch.length > 0) await write();
  await Promise.all(open);
  if (failures.length > 0) throw failures[0];
}

/** Which runs have metrics that may not be what their epochs say. */
class Runs {
  /** By the text of the id: whether the stored document is another one, and the epochs that the file's document counts. */
  private readonly experiments = new Map<string, { id: unknown; isOther: boolean; counted: number | undefined }>();
  private readonly epochs = new Map<string, number>();

  noteExperiment(document: RawDocument, outcome: ImportOutcome): void {
    const counted = (document.progress as { epochs?: unknown } | undefined)?.epochs;
    this.experiments.set(shownId(document), {
      id: document._id,
      isOther: outcome === 'kept',
      counted: counted === undefined ? undefined : Number(counted),
    });
  }

  noteEpoch({ experiment_id }: RawDocument): void {
    const key = shownId({ _id: experiment_id });
    this.epochs.set(key, (this.epochs.get(key) ?? 0) + 1);
  }

  /** Those that were stored before with other content, and those whose last epochs came too late for the export. */
  toRefresh(): unknown[] {
    return [...this.experiments]
      .filter(([key, { isOther, counted }]) => {
        const epochs = this.epochs.get(key) ?? 0;
        return isOther ? epochs > 0 : counted !== undefined && counted > epochs;
      })
      .map(([, { id }]) => id);
  }
}

function shownId({ _id }: RawDocument): string {
  const { _id: id } = JSON.parse(toLine({ _id })) as { _id: unknown };
  const oid = (id as { $oid?: string } | null)?.$oid;
  return oid ?? JSON.stringify(id);
}
