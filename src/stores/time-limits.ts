import { databaseUnavailable } from '../errors';

/**
 * Time limits of database operations. The driver (mongodb 7.9) can wait for ever: where a connection breaks between the
 * moment it is picked and the write of a command, `writeCommand` waits for a 'drain' that a destroyed socket never emits,
 * and neither `socketTimeoutMS` nor `timeoutMS` (which has no effect any more) ends that. So no operation goes without a
 * limit of ours. The dead connection carries nothing out later, so that repeating the operation is safe.
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
