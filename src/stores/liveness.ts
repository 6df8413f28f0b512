import { ExperimentLiveness } from '../../types/enums/ExperimentLiveness';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { Experiment } from '../../types/Experiment';

/** Silence after which a run that used to send heartbeats counts as stalled. */
export const STALLED_AFTER_MS = 5 * 60_000;

/**
 * Whether a run that says RUNNING shows signs of life at `now`. Silence means something only where heartbeats were sent:
 * one epoch may take days.
 */
export function livenessOf(
  { status, last_heartbeat_at, last_seen_at }: Pick<Experiment, 'status' | 'last_heartbeat_at' | 'last_seen_at'>,
  now: Date,
): ExperimentLiveness {
  if (status !== ExperimentStatus.RUNNING) return ExperimentLiveness.FINISHED;
  if (!last_heartbeat_at) return ExperimentLiveness.UNKNOWN;
  const lastSign = Math.max(last_heartbeat_at.getTime(), last_seen_at?.getTime() ?? 0);
  return now.getTime() - lastSign <= STALLED_AFTER_MS ? ExperimentLiveness.ALIVE : ExperimentLiveness.STALLED;
}
