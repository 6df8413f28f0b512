import { mongoError, type MongoError } from './errors';
import { Batch } from './storage/batch';
import type { Catalog } from './storage/catalog';
import type { Snapshot, Store, Writer } from './storage/store';

/** Label that tells drivers to run the whole transaction again. */
export const TRANSIENT = { errorLabels: ['TransientTransactionError'] };

function writeConflict(): MongoError {
  const message =
    'WriteConflict error: this operation conflicted with another operation. Please retry your operation or multi-document transaction.';
  return mongoError('WriteConflict', message, TRANSIENT);
}

/** Which open transaction changed which key; the first to change it wins. */
export class Locks {
  private readonly holders = new Map<string, Transaction>();
  private waiters: (() => void)[] = [];

  /** The transaction that holds a key. */
  holder(key: Buffer): Transaction | undefined {
    return this.holders.size === 0 ? undefined : this.holders.get(key.toString('latin1'));
  }

  take(key: Buffer, transaction: Transaction): void {
    this.holders.set(key.toString('latin1'), transaction);
  }

  /** True when some open transaction holds a key that `holds` accepts. */
  any(holds: (key: Buffer) => boolean): boolean {
    for (const key of this.holders.keys()) if (holds(Buffer.from(key, 'latin1'))) return true;
    return false;
  }

  /** Gives back all keys of a transaction and wakes those who wait. */
  releaseAll(transaction: Transaction): void {
    for (const key of transaction.held) this.holders.delete(key);
    for (const wake of this.waiters.splice(0)) wake();
  }

  /** Resolves when some transaction ends, or at the deadline (milliseconds since the epoch). */
  released(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, Math.min(deadline - Date.now(), 60_000)));
      this.waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** An open multi-statement transaction: reads its snapshot with its own writes over it. */
export class Transaction {
  readonly batch: Batch;
  readonly startedAt = Date.now();
  /** Keys that it changed, as latin1 text. */
  readonly held = new Set<string>();
  private readonly snapshot: Snapshot;
  private open = true;

  constructor(
    private readonly store: Store,
    catalog: Catalog,
    private readonly locks: Locks,
    readonly number: bigint,
  ) {
    this.snapshot = store.snapshot();
    this.batch = new Batch(this.snapshot, catalog, (key) => this.lock(key));
  }

  /** For a cursor of the transaction: keeps the snapshot readable. */
  retain(): () => void {
    this.snapshot.retain();
    return () => this.snapshot.release();
  }

  /** First updater wins: another open transaction, or a commit since the snapshot, makes this one fail. */
  private lock(key: Buffer): void {
    const holder = this.locks.holder(key);
    if (holder === this) return;
    if (holder !== undefined) throw writeConflict();
    if (!sameBytes(this.store.latest(key), this.snapshot.get(key))) throw writeConflict();
    this.locks.take(key, this);
    this.held.add(key.toString('latin1'));
  }

  /** Called within the committing write transaction: nothing that it changed may have changed meanwhile. */
  checkUnchanged(writer: Writer): void {
    for (const text of this.held) {
      const key = Buffer.from(text, 'latin1');
      if (!sameBytes(writer.get(key), this.snapshot.get(key))) throw writeConflict();
    }
  }

  /** Ends it, committed or not. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.locks.releaseAll(this);
    this.snapshot.release();
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
