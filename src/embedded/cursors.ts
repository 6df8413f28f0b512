import { randomBytes } from 'node:crypto';
import { mongoError } from './errors';
import type { Transaction } from './transaction';
import type { Doc } from './values/value';

/** As MongoDB: a cursor that nobody asks for ten minutes is closed. */
const IDLE_MS = 10 * 60_000;
/** Documents of one batch together; the reply's own fields stay within the slack above 16 MB that drivers allow. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** Where a cursor's documents come from. */
export interface CursorSource {
  /** Up to `size` documents, with fields to add to the reply's cursor. A tailing cursor waits up to `waitMs` for one. */
  next(size: number, waitMs?: number): Batch | Promise<Batch>;
  close(): void;
}

export interface Batch {
  documents: Buffer[];
  /** No documents will ever follow. */
  exhausted: boolean;
  extra?: Doc;
}

interface OpenCursor {
  id: bigint;
  ns: string;
  source: CursorSource;
  lastUse: number;
  busy: boolean;
  transaction: Transaction | undefined;
  /** It waits for documents to come. */
  tailing: boolean;
  /** It does not end by being idle (noCursorTimeout). */
  patient: boolean;
}

/** A source over documents that are made as they are asked for. */
export class IterableSource implements CursorSource {
  private readonly iterator: Iterator<Buffer>;
  private head: IteratorResult<Buffer> | undefined;
  private open = true;

  constructor(
    documents: Iterable<Buffer>,
    private readonly release: () => void = () => undefined,
  ) {
    this.iterator = documents[Symbol.iterator]();
  }

  next(size: number): Batch {
    const documents: Buffer[] = [];
    for (let bytes = 0; size > 0;) {
      this.head ??= this.iterator.next();
      if (this.head.done === true) return { documents, exhausted: true };
      const { value } = this.head;
      bytes += value.length + 16;
      if (documents.length === size || (documents.length > 0 && bytes > BATCH_BYTES)) break;
      documents.push(value);
      this.head = undefined;
    }
    return { documents, exhausted: false };
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.iterator.return?.();
    this.release();
  }
}

/** The open cursors. */
export class Cursors {
  private readonly cursors = new Map<bigint, OpenCursor>();

  add(
    ns: string,
    source: CursorSource,
    options: { transaction?: Transaction | undefined; tailing?: boolean; patient?: boolean } = {},
  ): OpenCursor {
    let id: bigint;
    do id = randomBytes(8).readBigUInt64BE() >> 1n;
    while (id === 0n || this.cursors.has(id));
    const { transaction, tailing = false, patient = false } = options;
    const cursor: OpenCursor = { id, ns, source, lastUse: Date.now(), busy: false, transaction, tailing, patient };
    this.cursors.set(id, cursor);
    return cursor;
  }

  get(id: bigint): OpenCursor {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) throw mongoError('CursorNotFound', `cursor id ${id} not found`);
    cursor.lastUse = Date.now();
    return cursor;
  }

  has(id: bigint, ns: string): boolean {
    return this.cursors.get(id)?.ns === ns;
  }

  get size(): number {
    return this.cursors.size;
  }

  /** Closes a cursor; false when there is none of that number. */
  kill(id: bigint): boolean {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) return false;
    this.cursors.delete(id);
    cursor.source.close();
    return true;
  }

  /** Closes the cursors of a transaction that has ended. */
  killOf(transaction: Transaction): void {
    for (const cursor of [...this.cursors.values()]) if (cursor.transaction === transaction) this.kill(cursor.id);
  }

  expire(): void {
    const oldest = Date.now() - IDLE_MS;
    for (const cursor of [...this.cursors.values()])
      if (!cursor.busy && !cursor.patient && cursor.lastUse < oldest) this.kill(cursor.id);
  }

  close(): void {
    for (const id of [...this.cursors.keys()]) this.kill(id);
  }
}
