import { ApiError, StartupError } from '../errors';
import { isDatabaseUnavailable } from '../stores/failures';

/** Runs `work`; where the database stops answering, throws a StartupError that says so and what to do. */
export async function inSentences<T>(work: () => Promise<T>, advice: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isGone = error instanceof ApiError ? error.code === 'DATABASE_UNAVAILABLE' : isDatabaseUnavailable(error);
    if (!isGone) throw error;
    throw new StartupError(`The database does not answer any more. What was stored is kept. ${advice}`);
  }
}
