import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError, MongoServerError, type ClientSession, type MongoClient } from 'mongodb';
import { databaseUnavailable } from '../errors';
import { isDatabaseUnavailable } from './failures';
import { throwIfOver } from './operation-time';
import { inOperationTime, withinTime, writeTime } from './time-limits';

const DUPLICATE_KEY = 11_000;
const MAX_DUPLICATE_RETRIES = 5;
const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 500;

/** Whether a write failed because another document holds the same unique key. */
export function isDuplicateKey(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * Runs work on one record at a time: what is queued under a key starts when the work before it under that key has
 * ended. The work of an operation whose time is over by then does not start. It spares the database the write conflicts of one server's own callers; between servers the transactions
 * themselves decide.
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

function pause(attempt: number): Promise<void> {
  return sleep(Math.min(FIRST_RETRY_MS * 1.5 ** attempt, LAST_RETRY_MS) * Math.random());
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
      return await withinTime(attemptIn(session, work, deadline), deadline - Date.now());
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
    return await withinTime(attemptIn(client.startSession(), work, deadline), deadline - Date.now());
  } catch (error) {
    if (Date.now() >= deadline || !(isDatabaseUnavailable(error) || isDuplicateKey(error))) throw error;
    return undefined;
  }
}

async function attemptIn<T>(
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
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    throw error;
  } finally {
    await session.endSession().catch(() => undefined);
  }
}

/**
 * Commits, asking again until the outcome is known or the deadline has passed. A transaction whose commit did not arrive
 * is still open, and would keep its records locked until the database ends it, a minute later.
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
      if (Date.now() >= deadline) throw databaseUnavailable();
    }
    await pause(attempt);
  }
}

function isUnknownCommit(error: MongoError): boolean {
  return isDatabaseUnavailable(error) && !error.hasErrorLabel('TransientTransactionError');
}
