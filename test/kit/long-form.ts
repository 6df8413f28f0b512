import { Random } from '../embedded/random';

/** Whether this is `npm run test:long`; jest.long.config.cjs says so to its workers. */
export const IS_LONG = process.env.EPOCHGRAPH_LONG === '1';

/** What a test takes in the short form, which `npm test` runs, or in the long one. */
export function form<T>(short: T, long: T): T {
  return IS_LONG ? long : short;
}

/**
 * The random numbers of a suite, with their seed printed: EPOCHGRAPH_SEED gives the same numbers again. Where processes
 * are killed at random moments, the same numbers are not the same moments.
 */
export function newRandom(suite: string): Random {
  const given = process.env.EPOCHGRAPH_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
  console.log(`${suite}: ${IS_LONG ? 'long' : 'short'} form, EPOCHGRAPH_SEED=${seed}`);
  return new Random(seed);
}
