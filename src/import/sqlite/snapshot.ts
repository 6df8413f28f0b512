import { constants, type BigIntStats } from 'node:fs';
import { copyFile, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../errors';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
/** Where the header has the page size, the number of pages, and two counters that are equal where that number is valid. */
const AT = { pageSize: 16, changes: 24, pages: 28, validFor: 92 };
/** Beside the file: the log of commits that are not in it yet, and what undoes a commit that is half in it. */
const WAL = '-wal';
const JOURNAL = '-journal';
const JOURNAL_MAGIC = 'd9d505f920a163d7';
const ATTEMPTS = 10;
const PAUSE_MS = 200;

/** A copy of a SQLite database, which may be changed. */
export interface Snapshot {
  file: string;
  /** Whether a write-ahead log with commits lay beside the original. */
  hadWal: boolean;
  remove: () => Promise<void>;
}

/**
 * Copies a SQLite database as it was at one moment, with the commits that are only in a write-ahead log beside it, into a
 * temporary folder (TMPDIR). The original and its folder are only read, and no lock is taken: a program that writes to it
 * is not disturbed, and where it writes during the copy, the copy is made anew. Throws a StartupError for what is no
 * SQLite database, is cut short, can't be read, keeps changing, has half a commit in it or no room in that folder.
 */
export async function snapshotOf(file: string): Promise<Snapshot> {
  const first = await stateOf(file);
  assertDatabase(file, first);
  await assertRoom(file, first.bytes);
  const folder = await mkdtemp(path.join(tmpdir(), 'epochgraph-sqlite-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const copy = path.join(folder, 'copy.db');
  let isHalfWritten = false;
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const before = await stateOf(file);
      await copyFile(file, copy, constants.COPYFILE_FICLONE);
      await rm(copy + WAL, { force: true });
      if (before.hasWal) await copyIfThere(file + WAL, copy + WAL);
      const after = await stateOf(file);
      isHalfWritten = after.isHalfWritten;
      if (before.signature === after.signature && !isHalfWritten) {
        assertDatabase(file, after);
        return { file: copy, hadWal: after.hasWal, remove };
      }
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  await remove();
  const name = path.basename(file);
  if (isHalfWritten) {
    // The library takes its own lock for that of a writer, and would read what should be undone.
    throw new StartupError(
      `${file} has half a commit in it, which ${name}${JOURNAL} undoes. Wait for the program that writes to it; if none ` +
        `does, copy both files, let SQLite undo it in the copy with sqlite3 copy.db "PRAGMA quick_check", and migrate that.`,
    );
  }
  throw new StartupError(
    `${file} is being written to all the time. Stop the program that writes to it, or make a copy with ` +
      `sqlite3 ${name} ".backup copy.db" and migrate that.`,
  );
}

interface State {
  header: Buffer;
  size: bigint;
  bytes: number;
  hasWal: boolean;
  /** Whether a commit is half in the file, so that a journal must be played back before it may be read. */
  isHalfWritten: boolean;
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
  const [wal, journal] = await Promise.all([WAL, JOURNAL].map((suffix) => fileBeside(file + suffix)));
  const signature = [main, wal?.stats, journal?.stats].map((stats) => (stats ? `${stats.size} ${stats.mtimeNs}` : ''));
  return {
    header,
    size: main.size,
    bytes: Number(main.size + (wal?.stats.size ?? 0n)),
    hasWal: wal !== undefined,
    // Before the first page of a commit is written, its journal is on the disk and says how many pages it holds.
    isHalfWritten: journal?.start.toString('hex', 0, 8) === JOURNAL_MAGIC && journal.start.readUInt32BE(8) > 0,
    signature: [...signature, header.toString('latin1')].join('\n'),
  };
}

/** State and first bytes of a file that need not be there; undefined for an empty one, too. */
async function fileBeside(file: string): Promise<{ stats: BigIntStats; start: Buffer } | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    const start = Buffer.alloc(12);
    await handle.read(start, 0, start.length, 0);
    return stats.size > 0n ? { stats, start } : undefined;
  } finally {
    await handle.close();
  }
}

function assertDatabase(file: string, { header, size, isHalfWritten }: State): void {
  if (size === 0n) throw new StartupError(`${file} is empty: there is nothing to migrate.`);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new StartupError(`${file} is not a SQLite database (it does not begin as one).`);
  }
  const declared = header.readUInt16BE(AT.pageSize);
  const pageSize = declared === 1 ? 65_536 : declared;
  const isValid = header.readUInt32BE(AT.changes) === header.readUInt32BE(AT.validFor);
  const expected = BigInt(header.readUInt32BE(AT.pages)) * BigInt(pageSize);
  if (isHalfWritten) return;
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
