import { setTimeout as sleep } from 'node:timers/promises';
import { MongoServerError, type ClientSession, type MongoClient } from 'mongodb';
import { databaseUnavailable } from '../errors';
import { isDatabaseUnavailable } from './failures';

const DUPLICATE_KEY = 11_000;
const MAX_DUPLICATE_RETRIES = 5;
/** After so long no further attempt begins: the driver alone would go on for two minutes, and callers can retry. */
const ATTEMPTS_WITHIN_MS = 10_000;
const RETRY_AFTER_MS = 50;

/** Whether a write failed because another document holds the same unique key. */
export function isDuplicateKey(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * Runs work on one record at a time: what is queued under a key starts when the work before it under that key has
 * ended. It spares the database the write conflicts of one server's own callers; between servers the transactions
 * themselves decide.
 */
export class KeyedQueue {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail: Promise<void> = result.then(
      () => this.forget(key, tail),
      () => this.forget(key, tail),
    );
    this.tails.set(key, tail);
    return result;
  }

  private forget(key: string, tail: Promise<unknown>): void {
    if (this.tails.get(key) === tail) this.tails.delete(key);
  }
}

/**
 * Runs `work` in a transaction, again from the start after a write conflict (the driver does that), after a unique key
 * that a concurrent writer took first (the next attempt finds that writer's document), and after a broken connection
 * (whether or not the commit took place). `work` must therefore be idempotent, have no effect outside the transaction, and
 * run one operation at a time. DATABASE_UNAVAILABLE where the attempts go on for too long.
 */
export async function inTransaction<T>(client: MongoClient, work: (session: ClientSession) => Promise<T>): Promise<T> {
  const deadline = Date.now() + ATTEMPTS_WITHIN_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.withSession((session) =>
        session.withTransaction(() => {
          if (Date.now() > deadline) throw databaseUnavailable();
          return work(session);
        }),
      );
    } catch (error) {
      if (isDatabaseUnavailable(error) && Date.now() < deadline) {
        await sleep(RETRY_AFTER_MS * attempt * (0.5 + Math.random()));
      } else if (!isDuplicateKey(error) || attempt >= MAX_DUPLICATE_RETRIES) {
        throw error;
      }
    }
  }
}
