import { ensure } from './errors';
import { Cursors } from './cursors';
import { FailPoints } from './fail-points';
import { Sessions, type Session } from './session';
import { Batch, HeldByTransaction } from './storage/batch';
import { Catalog } from './storage/catalog';
import { namedKey, TABLE, tableRange } from './storage/keyspace';
import { append, nextInstant, type OplogLimits } from './storage/oplog';
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
      setInterval(() => {
        this.cursors.expire();
        this.sessions.expire(options.transactionSeconds);
      }, SWEEP_MS),
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
   * Changes collections or indexes: `run` does so in a batch, as write() has it. Waits while an open transaction holds a
   * key that `conflicts` names.
   */
  async define<T>(conflicts: (key: Buffer) => boolean, run: (batch: Batch) => T): Promise<T> {
    return this.whenFree(Date.now() + WAIT_SECONDS * 1000, (writer) => {
      if (this.locks.any(conflicts)) throw new HeldByTransaction();
      const batch = new Batch(writer, this.catalog, () => undefined);
      const value = run(batch);
      return { value, instant: this.apply(batch, writer) };
    });
  }

  /** Commits, again and again until no open transaction holds what is to be changed; then tells those who listen. */
  private async whenFree<T>(deadline: number, work: (writer: Writer) => Committed<T>): Promise<T> {
    for (;;) {
      try {
        const { value, instant } = await this.store.commit(work);
        if (instant > this.committed) this.committed = instant;
        if (instant !== 0n) for (const listener of [...this.listeners]) listener();
        return value;
      } catch (error) {
        if (!(error instanceof HeldByTransaction)) throw error;
      }
      await this.locks.released(deadline);
      ensure(Date.now() < deadline, 'MaxTimeMSExpired', 'operation exceeded time limit');
    }
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
    await this.whenFree(Infinity, (writer) => {
      transaction.checkUnchanged(writer);
      session.remember(transaction.batch, transaction.number);
      return { value: undefined, instant: this.apply(transaction.batch, writer) };
    });
  }

  /** A snapshot of what is committed; the caller releases it. */
  snapshot(): Snapshot {
    return this.store.snapshot();
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

  /** Removes the records of sessions that timed out. */
  private async forgetSessions(): Promise<void> {
    await this.store.commit((writer) => {
      const records = [...writer.range(...tableRange(TABLE.sessions))];
      for (const { key, value } of records) if (this.sessions.isForgotten(key, value)) writer.remove(key);
    });
  }
}
