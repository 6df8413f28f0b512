import { MongoError } from '../errors';
import { catalogKey, indexFlags, indexFlagsKey, type Catalog, type Collection, type Puts } from './catalog';
import type { Operation } from './oplog';
import { Overlay, type View } from './view';

/** A key is held by an open transaction: the writer waits until it ends, then begins again. */
export class HeldByTransaction extends Error {}

/** Asked before every change of a contended key (documents, unique entries, collection records). Throws if it may not. */
export type LockCheck = (key: Buffer) => void;

/**
 * All changes of one commit: keys, oplog operations, new collections. It is applied whole or dropped whole; what it
 * read and wrote is read back through `view`.
 */
export class Batch {
  readonly view: Overlay;
  readonly operations: Operation[] = [];
  /** Collections that this batch creates, by namespace. */
  private readonly created = new Map<string, Collection>();
  /** What is to be done in memory when the batch is committed, with the commit's timestamp. */
  readonly afterwards: ((instant: bigint) => void)[] = [];

  constructor(
    base: View,
    readonly catalog: Catalog,
    private readonly lock: LockCheck,
  ) {
    this.view = new Overlay(base);
  }

  /** Changes a key that others may want to change too. */
  putLocked(key: Buffer, value: Buffer): void {
    this.lock(key);
    this.view.put(key, value);
  }

  removeLocked(key: Buffer): void {
    this.lock(key);
    this.view.remove(key);
  }

  /** Marks a key as wanted without changing it yet, so that a conflict shows before the first put. */
  claim(key: Buffer): void {
    this.lock(key);
  }

  collection(ns: string): Collection | undefined {
    const found = this.created.get(ns) ?? this.catalog.get(ns);
    // The snapshot of a transaction may be older than the collection; its documents would be missing without a word.
    if (found !== undefined && !this.created.has(ns) && changedAt(found) > this.view.instant) {
      throw new MongoError(246, `Collection ${ns} changed since the transaction began`, {
        errorLabels: ['TransientTransactionError'],
      });
    }
    return found;
  }

  /** The collection, created by this batch if there is none. */
  ensureCollection(db: string, name: string): Collection {
    const ns = `${db}.${name}`;
    const existing = this.collection(ns);
    if (existing !== undefined) return existing;
    this.claim(catalogKey(ns));
    const made = this.catalog.make(db, name);
    this.catalog.save(made, this.view);
    for (const index of made.indexes) this.view.put(indexFlagsKey(index.id), indexFlags(index));
    this.created.set(ns, made);
    this.afterwards.push((instant) => {
      made.createdAt = instant;
      for (const index of made.indexes) index.readableFrom = instant;
      this.catalog.add(made);
    });
    this.operations.push({ type: 'create', db, collection: name, uuid: made.uuid });
    return made;
  }

  /** Applies everything to the transaction that is being committed, with the commit's timestamp. */
  writeTo(writer: Puts, instant: bigint): void {
    for (const [key, value] of this.view.changes) {
      if (value === null) writer.remove(Buffer.from(key, 'latin1'));
      else writer.put(Buffer.from(key, 'latin1'), value);
    }
    this.catalog.saveFlags(writer);
    if (this.afterwards.length > 0) this.catalog.saveNextId(writer);
    for (const act of this.afterwards) act(instant);
  }
}

function changedAt(collection: Collection): bigint {
  return collection.indexes.reduce(
    (latest, i) => (i.readableFrom > latest ? i.readableFrom : latest),
    collection.createdAt,
  );
}
