import { ensure } from './errors';
import { Cursors } from './cursors';
import { FailPoints } from './fail-points';
import { Sessions, recordAge, type Session } from './session';
import { Batch, HeldByTransaction } from './storage/batch';
import { Catalog } from './storage/catalog';
import { namedKey, TABLE, tableRange } from './storage/keyspace';
import { append, nextInstant, type Operation, type OplogLimits } from './storage/oplog';
import { readState, type Snapshot, type Store, type Writer } from './storage/store';
import { Locks, Transaction } from './transaction';
import type { Doc } from './values/value';

export interface EngineOptions {
  oplog: OplogLimits;
  /** Allows configureFailPoint. */
  failPoints: boolean;
  /** Transactions are ended after so long. */
  transactionSeconds: number;
  /** Told of failures that are the database's own. */
  report?: (message: string, error: Error) => void;
}

/** Version of what is stored; to be raised when keys or records change their form. */
const FORMAT = '1';
const FORMAT_KEY = namedKey(TABLE.meta, 'format');
/** A write that waits for a transaction gives up after so long. */
const WAIT_SECONDS = 60;
const SWEEP_MS = 5_000;
const SESSION_SWEEP_MS = 300_000;

/** A retryable write: its reply is kept in the same commit, and given again when the client repeats it. */
export interface RetryableWrite {
  session: Session;
  number: bigint;
}

/** What a commit gave, and its timestamp; 0 when it wrote nothing. */
interface Committed<T> {
  value: T;
  instant: bigint;
}

/** The database behind the wire protocol: store, catalog, oplog, sessions and cursors of one data directory. */
export class Engine {
  readonly catalog = new Catalog();
  readonly locks = new Locks();
  readonly sessions: Sessions;
  readonly cursors = new Cursors();
  readonly failPoints: FailPoints;
  readonly startedAt = new Date();
  /** Open connections, as the wire server counts them. */
  connections = 0;
  /** Timestamp of the newest commit that is on disk. */
  committed: bigint;
  private readonly listeners = new Set<() => void>();
  private readonly timers: NodeJS.Timeout[];

  constructor(
    readonly store: Store,
    private readonly options: EngineOptions,
  ) {
    this.failPoints = new FailPoints(options.failPoints);
    this.checkFormat();
    const snapshot = this.store.snapshot();
    this.catalog.load(snapshot);
    this.committed = snapshot.instant;
    snapshot.release();
    this.sessions = new Sessions(this.store);
    if (this.committed === 0n) {
      this.committed = nextInstant(0n);
      this.store.commitNow((writer) => append(writer, [], this.committed, options.oplog));
    }
    this.timers = [
      setInterval(() => this.sweep(), SWEEP_MS),
      setInterval(() => void this.forgetSessions(), SESSION_SWEEP_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  /**
   * Carries out one autocommitted write: `run` reads the newest state (queued commits included) and writes into the
   * batch, which is committed whole, or dropped when `run` throws. Waits for transactions that hold what it changes.
   */
  async write(run: (batch: Batch) => Doc, deadline: number, retryable?: RetryableWrite): Promise<Doc> {
    return this.whenFree(deadline, (writer) => {
      const batch = new Batch(writer, this.catalog, (key) => {
        if (this.locks.holder(key) !== undefined) throw new HeldByTransaction();
      });
      const before = retryable?.session.replayed(batch, retryable.number);
      if (before !== undefined) return { value: before, instant: 0n };
      const value = run(batch);
      retryable?.session.remember(batch, retryable.number, value);
      return { value, instant: this.apply(batch, writer) };
    });
  }

  /**
   * Changes collections or indexes: `run` checks everything, writes through the writer and names the operations for the
   * oplog. Waits while an open transaction holds a key that `conflicts` names.
   */
  async define<T>(
    conflicts: (key: Buffer) => boolean,
    run: (writer: Writer, instant: bigint, operations: Operation[]) => T,
  ): Promise<T> {
    return this.whenFree(Date.now() + WAIT_SECONDS * 1000, (writer) => {
      if (this.locks.any(conflicts)) throw new HeldByTransaction();
      const instant = nextInstant(readState(writer).last);
      const operations: Operation[] = [];
      const value = run(writer, instant, operations);
      if (operations.length === 0) return { value, instant: 0n };
      this.catalog.saveNextId(writer);
      append(writer, operations, instant, this.options.oplog);
      return { value, instant };
    });
  }

  /** Commits, again and again until no open transaction holds what is to be changed. */
  private async whenFree<T>(deadline: number, work: (writer: Writer) => Committed<T>): Promise<T> {
    for (;;) {
      const { value, error } = await this.attempt(work);
      if (!(error instanceof HeldByTransaction)) return value as T;
      await this.locks.released(deadline);
      ensure(Date.now() < deadline, 'MaxTimeMSExpired', 'operation exceeded time limit');
    }
  }

  /** One commit. What `work` throws before it wrote is thrown here, but for HeldByTransaction, which is returned. */
  private async attempt<T>(work: (writer: Writer) => Committed<T>): Promise<{ value?: T; error?: unknown }> {
    // A throw within the store's callback would be taken for a failure of the store.
    const outcome = await this.store.commit((writer): Committed<T> | { error: unknown } => {
      try {
        return work(writer);
      } catch (error) {
        return { error };
      }
    });
    if ('error' in outcome) {
      if (outcome.error instanceof HeldByTransaction) return outcome;
      throw outcome.error;
    }
    if (outcome.instant > this.committed) this.committed = outcome.instant;
    if (outcome.instant !== 0n) for (const listener of [...this.listeners]) listener();
    return { value: outcome.value };
  }

  /** Opens a transaction on the newest commit. */
  begin(number: bigint): Transaction {
    return new Transaction(this.store, this.catalog, this.locks, number);
  }

  /** Commits a session's open transaction; on a conflict it is aborted and the error says so. */
  async commit(session: Session, transaction: Transaction): Promise<void> {
    for (const operation of transaction.batch.operations) {
      operation.lsid = session.lsid;
      operation.txnNumber = transaction.number;
    }
    await this.attempt((writer) => {
      transaction.checkUnchanged(writer);
      session.remember(transaction.batch, transaction.number);
      return { value: undefined, instant: this.apply(transaction.batch, writer) };
    });
  }

  /** A snapshot of what is committed; the caller releases it. */
  snapshot(): Snapshot {
    return this.store.snapshot();
  }

  /** Bytes that the oplog takes. */
  oplogBytes(): number {
    const snapshot = this.store.snapshot();
    try {
      return Number(readState(snapshot).oplogBytes);
    } finally {
      snapshot.release();
    }
  }

  /** Tells the log of a failure that is the database's own. */
  report(message: string, error: Error): void {
    this.options.report?.(message, error);
  }

  /** Calls `listener` after each commit, once it is on disk. Returns how to stop that. */
  onCommit(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Stops: open transactions are dropped, queued commits are finished. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.cursors.close();
    this.sessions.close();
    await this.store.close();
  }

  /** Refuses a store of another format rather than misread it. */
  private checkFormat(): void {
    this.store.commitNow((writer) => {
      const found = writer.get(FORMAT_KEY)?.toString();
      if (found === undefined && readState(writer).last === 0n) writer.put(FORMAT_KEY, Buffer.from(FORMAT));
      else if (found !== FORMAT) {
        throw new Error(
          `its data has format ${found ?? 'none'}, and this version of Epochgraph reads format ${FORMAT}`,
        );
      }
    });
  }

  private apply(batch: Batch, writer: Writer): bigint {
    if (batch.view.changes.size === 0 && batch.operations.length === 0) return 0n;
    const instant = nextInstant(readState(writer).last);
    batch.writeTo(writer, instant);
    append(writer, batch.operations, instant, this.options.oplog);
    return instant;
  }

  private sweep(): void {
    this.cursors.expire();
    this.sessions.expire(this.options.transactionSeconds);
  }

  /** Removes the records of sessions that timed out. */
  private async forgetSessions(): Promise<void> {
    await this.store.commit((writer) => {
      const old: Buffer[] = [];
      for (const { key, value } of writer.range(...tableRange(TABLE.sessions))) {
        if (recordAge(value) > 2 * 30 * 60_000 && !this.sessions.inUse(key)) old.push(key);
      }
      for (const key of old) writer.remove(key);
    });
  }
}
