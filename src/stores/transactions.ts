import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError, MongoServerError, type ClientSession, type MongoClient } from 'mongodb';
import { databaseUnavailable } from '../errors';
import { isDatabaseUnavailable } from './failures';
import { throwIfOver } from './operation-time';
import { inOperationTime, withinTime, writeTime } from './time-limits';

const DUPLICATE_KEY = 11_000;
const WRITE_CONFLICT = 112;
const MAX_DUPLICATE_RETRIES = 5;
const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 500;
/** How long a database keeps a transaction open of which it hears no more (MongoDB's default). */
const OPEN_FOR_MS = 60_000;

/** Whether a write failed because another document holds the same unique key. */
export function isDuplicateKey(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether the database has ended a transaction because another one changed the same document. */
function isWriteConflict(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === WRITE_CONFLICT;
}

/**
 * Runs work on one record at a time: what is queued under a key starts when the work before it under that key has
 * ended. The work of an operation whose time is over by then does not start. It spares the database the write conflicts of
 * one server's own callers; between servers the transactions themselves decide.
 */
export class KeyedQueue {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const begin = (): Promise<T> => {
      throwIfOver();
      return work();
    };
    const result = before.then(begin, begin);
    const tail: Promise<void> = result.then(
      () => this.forget(key, tail),
      () => this.forget(key, tail),
    );
    this.tails.set(key, tail);
    return inOperationTime(result);
  }

  private forget(key: string, tail: Promise<unknown>): void {
    if (this.tails.get(key) === tail) this.tails.delete(key);
  }
}

/** Keeps no process alive that has nothing else to do. */
function pause(attempt: number): Promise<void> {
  return sleep(Math.min(FIRST_RETRY_MS * 1.5 ** attempt, LAST_RETRY_MS) * Math.random(), undefined, { ref: false });
}

/**
 * Runs `work` in a transaction, again from the start after a write conflict, after a unique key that a concurrent writer
 * took first (the next attempt finds that writer's document), and after a broken connection. `work` must therefore be
 * idempotent, have no effect outside the transaction, and run one operation at a time. Rejects with the last error where
 * the attempts go on beyond the deadline (in ms since 1970; by default as long from now as a write may take).
 *
 * The driver's own `withTransaction` is no help here: it takes every error for one of its own, and the bare socket errors
 * that it passes on make it fail with a TypeError (seen with mongodb 7.9).
 */
export async function inTransaction<T>(
  client: MongoClient,
  work: (session: ClientSession) => Promise<T>,
  deadline: number = Date.now() + writeTime(),
): Promise<T> {
  throwIfOver();
  for (let attempt = 1; ; attempt++) {
    const session = client.startSession();
    try {
      return await withinTime(attemptIn(client, session, work, deadline), deadline - Date.now());
    } catch (error) {
      const mayPass = isDatabaseUnavailable(error) || (isDuplicateKey(error) && attempt < MAX_DUPLICATE_RETRIES);
      if (!mayPass || Date.now() >= deadline) throw error;
    }
    await pause(attempt);
  }
}

/**
 * Runs `work` in a transaction, once: undefined where it was not committed, for a reason that another attempt may not
 * meet. Rejects where the outcome is unknown, or what failed is no matter of the database's.
 */
export async function attemptOnce<T>(
  client: MongoClient,
  work: (session: ClientSession) => Promise<T>,
  deadline: number,
): Promise<T | undefined> {
  try {
    return await withinTime(attemptIn(client, client.startSession(), work, deadline), deadline - Date.now());
  } catch (error) {
    if (Date.now() >= deadline || !(isDatabaseUnavailable(error) || isDuplicateKey(error))) throw error;
    return undefined;
  }
}

async function attemptIn<T>(
  client: MongoClient,
  session: ClientSession,
  work: (session: ClientSession) => Promise<T>,
  deadline: number,
): Promise<T> {
  try {
    session.startTransaction();
    const result = await work(session);
    await commit(session, deadline);
    return result;
  } catch (error) {
    if (session.inTransaction()) {
      if (isDatabaseUnavailable(error) && !isWriteConflict(error)) await untilItAnswers(client);
      await session.abortTransaction().catch(() => undefined);
    }
    throw error;
  } finally {
    await session.endSession().catch(() => undefined);
  }
}

/**
 * Waits for the database to answer again, as long as it may have a transaction open that was cut off: its records are
 * locked until it is aborted, and an attempt to abort it is made once. Whoever waits for the attempt has long been told.
 */
async function untilItAnswers(client: MongoClient): Promise<void> {
  const deadline = Date.now() + OPEN_FOR_MS;
  for (let attempt = 1; Date.now() < deadline; attempt++) {
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch {
      await pause(attempt);
    }
  }
}

/**
 * Commits, asking again until the outcome is known: a transaction whose commit did not arrive is still open, and keeps its
 * records locked. That goes on beyond the deadline, at which whoever waits is told, for as long as it may be open.
 */
async function commit(session: ClientSession, deadline: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      // Of a bare socket error the driver makes a TypeError of its own.
      const isOpen = !(error instanceof MongoError) || isUnknownCommit(error);
      if (!isOpen) throw error;
      if (Date.now() >= deadline + OPEN_FOR_MS) throw databaseUnavailable();
    }
    await pause(attempt);
  }
}

function isUnknownCommit(error: MongoError): boolean {
  return isDatabaseUnavailable(error) && !error.hasErrorLabel('TransientTransactionError');
}
