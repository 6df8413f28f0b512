import type { ExperimentLiveness, ExperimentStatus } from '../api/documents';
import { now } from '../clock';
import { formatAgo } from '../format';

/** The words for a run's state, liveness included. */
export function statusWord(status: ExperimentStatus, liveness: ExperimentLiveness): string {
  if (status === 'RUNNING') return liveness === 'STALLED' ? 'Stalled' : 'Running';
  return { COMPLETED: 'Completed', FAILED: 'Failed', STOPPED: 'Stopped' }[status];
}

const SHAPES = {
  alive: (
    <>
      <circle class="ring" cx="6" cy="6" r="6" fill="none" stroke="currentColor" stroke-width="1.5" opacity="0" />
      <circle cx="6" cy="6" r="3.6" fill="currentColor" />
    </>
  ),
  unknown: <circle cx="6" cy="6" r="3.4" fill="none" stroke="currentColor" stroke-width="2" />,
  stalled: <path d="M6 .9 11.6 11H.4Z" fill="currentColor" />,
  completed: <path d="m1.6 6.5 3 3 5.8-7" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />,
  failed: <path d="m2.2 2.2 7.6 7.6m0-7.6-7.6 7.6" stroke="currentColor" stroke-width="2" stroke-linecap="round" />,
  stopped: <rect x="2" y="2" width="8" height="8" rx="1" fill="currentColor" />,
};

function shapeOf(status: ExperimentStatus, liveness: ExperimentLiveness): keyof typeof SHAPES {
  if (status !== 'RUNNING') return status.toLowerCase() as 'completed' | 'failed' | 'stopped';
  return ({ ALIVE: 'alive', STALLED: 'stalled', UNKNOWN: 'unknown', FINISHED: 'unknown' } as const)[liveness];
}

/** A run's state as a shape and a word; colour says the same once more. */
export function Status({ status, liveness }: { status: ExperimentStatus; liveness: ExperimentLiveness }) {
  const shape = shapeOf(status, liveness);
  const tone = shape === 'alive' ? 'running alive' : shape === 'unknown' ? 'running' : shape;
  return (
    <span class={`status ${tone}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[shape]}
      </svg>
      {statusWord(status, liveness)}
    </span>
  );
}

/** A sentence on whether a running run shows signs of life; empty for one that ended. */
export function lifeSentence({
  status,
  liveness,
  lastSeenAt,
}: {
  status: ExperimentStatus;
  liveness: ExperimentLiveness;
  lastSeenAt: string | null;
}): string {
  if (status !== 'RUNNING') return '';
  if (liveness === 'UNKNOWN') {
    return lastSeenAt ? `sends no heartbeat; last wrote ${formatAgo(lastSeenAt, now.value)}` : 'sends no heartbeat';
  }
  if (!lastSeenAt) return '';
  const ago = formatAgo(lastSeenAt, now.value);
  return liveness === 'STALLED' ? `silent since ${ago}`.replace(/since (.*) ago$/, 'for $1') : `heard from ${ago}`;
}

/** An instant in words, with the whole date on hover. */
export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {formatAgo(at, now.value)}
    </time>
  );
}
