import { MongoServerError, type ClientSession, type MongoClient } from 'mongodb';

const DUPLICATE_KEY = 11_000;
const MAX_DUPLICATE_RETRIES = 5;

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
 * Runs `work` in a transaction, again from the start after a write conflict (the driver does that) or after a unique key
 * that a concurrent writer took first: the next attempt finds that writer's document. `work` must therefore have no
 * effect outside the transaction, and must run one operation at a time.
 */
export async function inTransaction<T>(client: MongoClient, work: (session: ClientSession) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.withSession((session) => session.withTransaction(() => work(session)));
    } catch (error) {
      if (!isDuplicateKey(error) || attempt >= MAX_DUPLICATE_RETRIES) throw error;
    }
  }
}
