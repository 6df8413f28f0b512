import { databaseUnavailable } from '../errors';
import { currentTime } from './operation-time';

/**
 * Time limits of database operations. The driver sets none (in mongodb 7.9 `timeoutMS` has no effect), and no operation
 * may wait for ever: writes to an experiment queue behind one another. Every write is idempotent, so that repeating one
 * whose time was over is safe.
 */

/** For an operation that reads, until its answer is complete. */
export const READ_WITHIN_MS = 30_000;
/** For an operation that writes, or a whole transaction with its retries. */
export const WRITE_WITHIN_MS = 10_000;

/** After this, the database gives up by itself what nobody waits for any more. */
const DATABASE_AFTER_MS = 1_000;

/**
 * The options that end a read when the time of the operation that it is for is over, with that operation's error; of what
 * the server reads on its own, with a TimeoutError after READ_WITHIN_MS. The driver then closes the connection, by which a
 * MongoDB knows that nobody waits.
 */
export function readLimit(): { signal: AbortSignal; maxTimeMS: number } {
  const time = currentTime();
  return {
    signal: time ? time.signal : AbortSignal.timeout(READ_WITHIN_MS),
    maxTimeMS: (time ? time.leftMs : READ_WITHIN_MS) + DATABASE_AFTER_MS,
  };
}

/** How long a write of the operation at work may take from now, in ms. */
export function writeTime(): number {
  return Math.min(WRITE_WITHIN_MS, currentTime()?.leftMs ?? WRITE_WITHIN_MS);
}

/** The outcome of `work`, or DATABASE_UNAVAILABLE where that takes longer than `ms`. */
export async function withinTime<T>(work: Promise<T>, ms: number = writeTime()): Promise<T> {
  const time = currentTime();
  const ender = time && ms >= time.leftMs ? time : undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(ender?.error ?? databaseUnavailable()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The outcome of `work`, which waits for its turn first, or the error of the operation that it is for when that is over. */
export function inOperationTime<T>(work: Promise<T>): Promise<T> {
  const time = currentTime();
  return time ? withinTime(work, time.leftMs) : work;
}
