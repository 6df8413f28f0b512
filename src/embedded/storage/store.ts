import { statSync } from 'node:fs';
import { open, type RootDatabase, type Transaction } from 'lmdb';
import { MongoError } from '../errors';
import { namedKey, TABLE } from './keyspace';
import type { Entry, View } from './view';

export interface StoreOptions {
  path: string;
  /** Skips fsync; for tests alone. */
  noSync?: boolean;
  /**
   * Told when a commit did not get to disk (full, broken). What is in memory may then be ahead of the store, so the
   * process must end and read it anew.
   */
  onCommitFailure?: (error: Error) => void;
}

/** A view that holds a read transaction, and with it old pages, until it is released. */
export interface Snapshot extends View {
  /** Another holder: the view lives until each has released it. */
  retain(): void;
  release(): void;
}

/** Writes straight into the transaction that is being committed; only valid inside Store.commit's callback. */
export interface Writer extends View {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

const STATE_KEY = namedKey(TABLE.meta, 'state');
/** Instant of the write transaction's view: everything that was ever queued is in it. */
const LATEST = 0xffff_ffff_ffff_ffffn;

/** What is kept beside every commit. */
export interface StoreState {
  /** Timestamp of the newest commit. */
  last: bigint;
  /** Timestamp of the newest oplog entry that was trimmed; 0 when none was. */
  floor: bigint;
  /** Sum of the sizes of the oplog's values. */
  oplogBytes: bigint;
}

/** The LMDB environment: one ordered map of bytes with snapshot reads and fsynced group commits. */
export class Store {
  private readonly env: RootDatabase<Buffer, Buffer>;
  private readonly writer: Writer;
  private pending = 0;
  private idle: (() => void)[] = [];

  constructor(private readonly options: StoreOptions) {
    this.env = open<Buffer, Buffer>({
      path: options.path,
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxReaders: 4096,
      noSync: options.noSync ?? false,
      // With it a commit's promise resolves only when its pages are on the disk.
      overlappingSync: false,
    });
    const env = this.env;
    this.writer = {
      instant: LATEST,
      get: (key) => env.get(key),
      range: (start, end, reverse) => rangeOf(env, start, end, reverse ?? false),
      count: (start, end) => env.getKeysCount({ start, end }),
      put: (key, value) => void env.putSync(key, value),
      remove: (key) => void env.removeSync(key),
    };
    env.readerCheck();
  }

  /** A snapshot of the newest commit. The caller releases it. */
  snapshot(): Snapshot {
    this.env.resetReadTxn();
    return new StoreSnapshot(this.env);
  }

  /** One key's value in the newest commit. */
  latest(key: Buffer): Buffer | undefined {
    this.env.resetReadTxn();
    return this.env.get(key);
  }

  /**
   * Runs `work` inside the next write transaction; resolves with its value when that is on disk. Concurrent calls run
   * one after another and share one fsync. What `work` throws is thrown here, but does NOT undo what it wrote: check
   * first, then write.
   */
  async commit<T>(work: (writer: Writer) => T): Promise<T> {
    this.pending++;
    let thrown: { error: unknown } | undefined;
    try {
      const value = await this.env.transaction(() => {
        try {
          return work(this.writer);
        } catch (error) {
          // Within the store a throw would be a failure of the store.
          thrown = { error };
          return undefined;
        }
      });
      if (thrown === undefined) return value as T;
    } catch (error) {
      throw await this.commitFailed(error);
    } finally {
      if (--this.pending === 0) for (const resolve of this.idle.splice(0)) resolve();
    }
    throw thrown.error;
  }

  private async commitFailed(error: unknown): Promise<MongoError> {
    const { commitError, message } = error as Error & { commitError?: Promise<unknown> };
    const cause = await Promise.resolve(commitError).catch((rejected: unknown) => rejected);
    const reason = cause instanceof Error ? cause.message : message;
    const failure = new MongoError(14031, `A commit could not be written to disk (${reason}). Is the disk full?`);
    this.options.onCommitFailure?.(failure);
    return failure;
  }

  /** The same at once and synchronously: for the start, before anything is served. */
  commitNow<T>(work: (writer: Writer) => T): T {
    return this.env.transactionSync(() => work(this.writer));
  }

  /** Tells the data file from every other, copies of it included. */
  fileId(): string {
    const { dev, ino } = statSync(this.options.path, { bigint: true });
    return `${dev}:${ino}`;
  }

  /** Writes a compacted copy of the newest state to `path`. */
  async copyTo(path: string): Promise<void> {
    await this.env.backup(path, true);
  }

  /** Waits for queued commits, then closes the environment. */
  async close(): Promise<void> {
    while (this.pending > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    await this.env.close();
  }
}

class StoreSnapshot implements Snapshot {
  readonly instant: bigint;
  private readonly transaction: Transaction;
  private holders = 1;

  constructor(private readonly env: RootDatabase<Buffer, Buffer>) {
    this.transaction = env.useReadTransaction();
    this.instant = readState(this).last;
  }

  get(key: Buffer): Buffer | undefined {
    return this.env.get(key, { transaction: this.transaction });
  }

  range(start: Buffer, end: Buffer, reverse = false): Iterable<Entry> {
    return rangeOf(this.env, start, end, reverse, this.transaction);
  }

  count(start: Buffer, end: Buffer): number {
    return this.env.getKeysCount({ start, end, transaction: this.transaction });
  }

  retain(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders === 0) this.transaction.done();
  }
}

function rangeOf(
  env: RootDatabase<Buffer, Buffer>,
  start: Buffer,
  end: Buffer,
  reverse: boolean,
  transaction?: Transaction,
): Iterable<Entry> {
  const via = transaction === undefined ? {} : { transaction };
  if (!reverse) return env.getRange({ start, end, ...via });
  // LMDB's reverse range starts at its upper key, included, and excludes its lower: turn both round.
  const down = env.getRange({ start: end, end: start, inclusiveEnd: true, reverse: true, ...via });
  return down.filter((entry) => !entry.key.equals(end));
}

/** Reads the state record of a view. */
export function readState(view: { get(key: Buffer): Buffer | undefined }): StoreState {
  const bytes = view.get(STATE_KEY);
  if (bytes === undefined) return { last: 0n, floor: 0n, oplogBytes: 0n };
  return { last: bytes.readBigUInt64BE(0), floor: bytes.readBigUInt64BE(8), oplogBytes: bytes.readBigUInt64BE(16) };
}

/** Writes the state record. */
export function writeState(writer: Writer, state: StoreState): void {
  const bytes = Buffer.allocUnsafe(24);
  bytes.writeBigUInt64BE(state.last, 0);
  bytes.writeBigUInt64BE(state.floor, 8);
  bytes.writeBigUInt64BE(state.oplogBytes, 16);
  writer.put(STATE_KEY, bytes);
}
