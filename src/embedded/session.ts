import { ensure, MongoError, mongoError } from './errors';
import { decode } from './values/codec';
import { encode } from './values/encoder';
import { Binary, doc, isDoc, type Doc, type Value } from './values/value';
import type { Batch } from './storage/batch';
import { sessionKey } from './storage/keyspace';
import type { Store } from './storage/store';
import { TRANSIENT, type Transaction } from './transaction';

/** As hello announces it: sessions that are idle for longer are forgotten. */
export const SESSION_TIMEOUT_MINUTES = 30;

/** What the store remembers of a session: its newest retryable write or transaction. */
interface SessionRecord {
  number: bigint;
  at: Date;
  /** Reply of a retryable write; absent for a transaction, which was committed. */
  reply?: Doc;
}

/** A client's logical session. */
export class Session {
  lastUse = Date.now();
  transaction: Transaction | undefined;
  /** Number and end of the newest transaction. */
  ended: { number: bigint; committed: boolean } | undefined;
  readonly key: Buffer;
  /** The largest transaction number seen. */
  highest = -1n;

  constructor(
    readonly lsid: Doc,
    id: Uint8Array,
    store: Store,
  ) {
    this.key = sessionKey(id);
    const record = readRecord(store.latest(this.key));
    if (record === undefined) return;
    this.highest = record.number;
    if (record.reply === undefined) this.ended = { number: record.number, committed: true };
  }

  /** The reply of a retryable write that was carried out before, read within the batch that would repeat it. */
  replayed(batch: Batch, number: bigint): Doc | undefined {
    const record = readRecord(batch.view.get(this.key));
    if (record === undefined || record.number < number) return undefined;
    if (record.number > number) throw this.tooOld(number, record.number);
    if (record.reply === undefined) throw new MongoError(217, `Transaction ${number} was no retryable write`);
    return record.reply;
  }

  /** Remembers a retryable write's reply, or a committed transaction, in the same commit. */
  remember(batch: Batch, number: bigint, reply?: Doc): void {
    batch.view.put(this.key, encode(doc({ number, at: new Date(), reply })));
  }

  /** Checks a statement's transaction number against the open transaction. */
  openTransaction(number: bigint): Transaction {
    if (this.transaction?.number === number) return this.transaction;
    if (number < this.highest) throw this.tooOld(number, this.highest);
    const ended = this.ended?.number === number ? this.ended : undefined;
    ensure(!ended?.committed, 'TransactionCommitted', `Transaction ${number} has been committed.`);
    const state = ended ? 'aborted' : 'not started';
    throw mongoError('NoSuchTransaction', `There is no open transaction ${number}: it was ${state}.`, TRANSIENT);
  }

  tooOld(number: bigint, newer: bigint): Error {
    const message = `Retryable write or transaction number ${number} is older than ${newer}, which this session used since`;
    return mongoError('TransactionTooOld', message);
  }

  /** Ends the open transaction without its writes. */
  abort(): void {
    if (this.transaction === undefined) return;
    this.ended = { number: this.transaction.number, committed: false };
    this.transaction.close();
    this.transaction = undefined;
  }
}

function readRecord(bytes: Buffer | undefined): SessionRecord | undefined {
  if (bytes === undefined) return undefined;
  return Object.fromEntries(decode(bytes)) as unknown as SessionRecord;
}

/** The sessions in use. */
export class Sessions {
  private readonly sessions = new Map<string, Session>();

  constructor(private readonly store: Store) {}

  /** The session of an lsid document, made when it is new. */
  use(lsid: Value): Session {
    const { text, id } = idOf(lsid);
    let session = this.sessions.get(text);
    if (session === undefined) {
      session = new Session(lsid as Doc, id, this.store);
      this.sessions.set(text, session);
    }
    session.lastUse = Date.now();
    return session;
  }

  /** Ends a session at its client's wish. */
  end(lsid: Value): void {
    const { text } = idOf(lsid);
    this.sessions.get(text)?.abort();
    this.sessions.delete(text);
  }

  /** Aborts transactions older than `seconds`, forgets idle sessions. */
  expire(seconds: number): void {
    const now = Date.now();
    for (const [text, session] of this.sessions) {
      if (session.transaction !== undefined && now - session.transaction.startedAt > seconds * 1000) session.abort();
      const idle = now - session.lastUse > SESSION_TIMEOUT_MINUTES * 60_000;
      if (idle && session.transaction === undefined) this.sessions.delete(text);
    }
  }

  /** Whether the stored record of a session is of use to nobody any more. */
  isForgotten(key: Buffer, record: Buffer): boolean {
    const age = Date.now() - readRecord(record)!.at.getTime();
    return age > 2 * SESSION_TIMEOUT_MINUTES * 60_000 && !this.sessions.has(key.subarray(1).toString('hex'));
  }

  /** Ends everything, for the stop. */
  close(): void {
    for (const session of this.sessions.values()) session.abort();
    this.sessions.clear();
  }
}

function idOf(lsid: Value): { text: string; id: Uint8Array } {
  const id = isDoc(lsid) ? lsid.get('id') : undefined;
  if (!(id instanceof Binary) || id.position !== 16)
    throw mongoError('FailedToParse', 'lsid must hold a UUID in its field id');
  const bytes = Buffer.from(id.buffer.subarray(0, 16));
  return { text: bytes.toString('hex'), id: bytes };
}
