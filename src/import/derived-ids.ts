import { createHash } from 'node:crypto';

/** The largest number that the three bytes of an epoch's id hold. */
const SMALL_EPOCH = 0xff_ff_ff;

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The id of an imported record: the same parts always give the same id. As in any ObjectId, the first four bytes tell a
 * time (in milliseconds since 1970; 0 where none is known), so that ids sort like those of other runs.
 */
export function derivedId(parts: readonly unknown[], time = 0): string {
  const seconds = Math.min(Math.max(0, Math.floor(time / 1000)), 0xff_ff_ff_ff);
  return seconds.toString(16).padStart(8, '0') + digest(parts).slice(0, 16);
}

/** Gives the ids of an experiment's epochs, in ascending order like their numbers. */
export function epochIdsOf(experimentId: string): (epoch: number) => string {
  const prefix = experimentId.slice(0, 8) + digest(['epochs', experimentId]).slice(0, 10);
  return (epoch) =>
    epoch <= SMALL_EPOCH
      ? prefix + epoch.toString(16).padStart(6, '0')
      : experimentId.slice(0, 8) + digest(['epoch', experimentId, epoch]).slice(0, 16);
}
