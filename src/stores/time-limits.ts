import { databaseUnavailable } from '../errors';

/**
 * Time limits of database operations. The driver sets none (in mongodb 7.9 `timeoutMS` has no effect), and no operation
 * may wait for ever: writes to an experiment queue behind one another. Every write is idempotent, so that repeating one
 * whose time was over is safe.
 */

/** For an operation that reads, until its answer is complete. */
export const READ_WITHIN_MS = 30_000;
/** For an operation that writes, or a whole transaction with its retries. */
export const WRITE_WITHIN_MS = 10_000;

/** The option that ends a read when its time is over: it then rejects with a TimeoutError. */
export function readLimit(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_WITHIN_MS) };
}

/** The outcome of `work`, or DATABASE_UNAVAILABLE where that takes longer than `ms`. */
export async function withinTime<T>(work: Promise<T>, ms: number = WRITE_WITHIN_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(databaseUnavailable()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
