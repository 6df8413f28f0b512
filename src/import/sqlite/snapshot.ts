import { constants, type BigIntStats } from 'node:fs';
import { copyFile, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../errors';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
/** Where the header has the page size, the number of pages, and two counters that are equal where that number is valid. */
const AT = { pageSize: 16, changes: 24, pages: 28, validFor: 92 };
/** The files that together are a database: the log of recent commits, and that of a commit that was not completed. */
const COMPANIONS = ['-wal', '-journal'] as const;
const ATTEMPTS = 10;
const PAUSE_MS = 200;

/** A copy of a SQLite database, which may be changed. */
export interface Snapshot {
  file: string;
  /** Whether a write-ahead log with commits lay beside the original. */
  hadWal: boolean;
  bytes: number;
  remove: () => Promise<void>;
}

/**
 * Copies a SQLite database as it was at one moment, with the commits that are in a log beside it only, into a temporary
 * folder (TMPDIR). The original and its folder are only read, and no lock is taken: a program that writes to it is not
 * disturbed, and where it writes during the copy, the copy is made anew. Throws a StartupError for what is no SQLite
 * database, is cut short, can't be read, keeps changing or has no room in the temporary folder.
 */
export async function snapshotOf(file: string): Promise<Snapshot> {
  const first = await stateOf(file);
  assertDatabase(file, first);
  await assertRoom(file, first.bytes);
  const folder = await mkdtemp(path.join(tmpdir(), 'epochgraph-sqlite-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const copy = path.join(folder, 'copy.db');
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const before = await stateOf(file);
      await copyFile(file, copy, constants.COPYFILE_FICLONE);
      for (const suffix of COMPANIONS) {
        await rm(copy + suffix, { force: true });
        if (before.files.has(suffix)) await copyIfThere(file + suffix, copy + suffix);
      }
      const after = await stateOf(file);
      if (before.signature === after.signature) {
        assertDatabase(file, after);
        return { file: copy, hadWal: after.files.has('-wal'), bytes: after.bytes, remove };
      }
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  await remove();
  throw new StartupError(
    `${file} is being written to all the time. Stop the program that writes to it, or make a copy with ` +
      `sqlite3 ${path.basename(file)} ".backup copy.db" and migrate that.`,
  );
}

interface State {
  header: Buffer;
  size: bigint;
  bytes: number;
  /** The companions that hold anything. */
  files: Set<string>;
  /** Equal for two looks between which nothing was written. */
  signature: string;
}

async function stateOf(file: string): Promise<State> {
  const header = Buffer.alloc(HEADER_BYTES);
  let main: BigIntStats;
  try {
    const handle = await open(file, 'r');
    try {
      main = await handle.stat({ bigint: true });
      if (!main.isFile()) throw new StartupError(`${file} is not a file.`);
      await handle.read(header, 0, HEADER_BYTES, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`${file} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
  }
  const files = new Set<string>();
  const signature = [main.size, main.mtimeNs, header.toString('latin1')];
  let bytes = Number(main.size);
  for (const suffix of COMPANIONS) {
    const found = await stat(file + suffix, { bigint: true }).catch(() => undefined);
    if (!found || found.size === 0n) continue;
    files.add(suffix);
    signature.push(suffix, found.size, found.mtimeNs);
    bytes += Number(found.size);
  }
  return { header, size: main.size, bytes, files, signature: signature.join(' ') };
}

function assertDatabase(file: string, { header, size, files }: State): void {
  if (size === 0n) throw new StartupError(`${file} is empty: there is nothing to migrate.`);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new StartupError(`${file} is not a SQLite database (it does not begin as one).`);
  }
  const declared = header.readUInt16BE(AT.pageSize);
  const pageSize = declared === 1 ? 65_536 : declared;
  const isValid = header.readUInt32BE(AT.changes) === header.readUInt32BE(AT.validFor);
  const expected = BigInt(header.readUInt32BE(AT.pages)) * BigInt(pageSize);
  // A commit that was not completed may have left the file longer or shorter; its journal tells how it was.
  if (files.has('-journal')) return;
  if (size % BigInt(pageSize) !== 0n || (isValid && size < expected)) {
    throw new StartupError(
      `${file} is cut short: it has ${size} bytes${isValid ? ` of ${expected}` : ''}. Nothing was migrated. Take an ` +
        `undamaged copy, or save what can be saved with: sqlite3 ${path.basename(file)} .recover | sqlite3 recovered.db`,
    );
  }
}

async function assertRoom(file: string, bytes: number): Promise<void> {
  const folder = tmpdir();
  const { bavail, bsize } = await statfs(folder);
  // The copy, and the order of its rows.
  const needed = bytes * 1.3;
  if (bavail * bsize > needed) return;
  const megabytes = Math.ceil(needed / 1e6);
  throw new StartupError(
    `${file} is copied before it is read, and ${folder} has no room for ${megabytes} MB. Set TMPDIR to a folder that has.`,
  );
}

/** A log may go away between the look and the copy: the signatures differ then. */
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
