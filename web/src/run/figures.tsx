import type { ComponentChildren } from 'preact';
import { formatCount, formatDuration, formatLoss, formatMegabytes, formatMetric } from '../format';
import type { LiveRun, RunDetails } from './live-run';

/** What the run has come to, in a row of figures. */
export function Figures({ run, details }: { run: LiveRun; details: RunDetails }) {
  const { metrics, config, status } = details;
  const latest = run.latest.value;
  const total = metrics.totalEpochs ?? 0;
  const planned = config.maxEpochs;
  const duration = latest?.timing?.durationSeconds ?? null;
  const isRunning = status === 'RUNNING';
  const left = isRunning && planned !== null && duration !== null ? Math.max(0, planned - total) * duration : null;
  const rate = latest?.timing?.samplesPerSecond ?? null;
  const memory = latest?.memory?.gpuAllocatedMb ?? latest?.memory?.cpuRssMb ?? null;
  return (
    <dl class="figures">
      <Figure name="Best val_loss" note={metrics.bestEpoch === null ? '' : `epoch ${metrics.bestEpoch}`} isBest>
        {formatLoss(metrics.bestValLoss)}
      </Figure>
      <Figure name="Last val_loss">{formatLoss(metrics.finalValLoss)}</Figure>
      <Figure name="Last train_loss">{formatLoss(metrics.finalTrainLoss)}</Figure>
      <Figure
        name="Epochs"
        note={
          planned !== null && planned > 0 ? (
            <progress max={planned} value={Math.min(total, planned)} aria-label={`${total} of ${planned} epochs`} />
          ) : (
            ''
          )
        }
      >
        {formatCount(total)}
        {planned !== null && <small> / {formatCount(planned)}</small>}
      </Figure>
      {duration !== null && (
        <Figure
          name={isRunning ? 'An epoch takes' : 'Last epoch took'}
          note={
            left !== null && left > 0
              ? `${formatDuration(left)} to go`
              : rate === null
                ? ''
                : `${formatMetric(Math.round(rate))} samples/s`
          }
        >
          {formatDuration(duration)}
        </Figure>
      )}
      {memory !== null && (
        <Figure name="Memory" note={latest?.memory?.gpuAllocatedMb == null ? 'of the process' : 'on the GPU'}>
          {formatMegabytes(memory)}
        </Figure>
      )}
    </dl>
  );
}

function Figure({
  name,
  note,
  isBest = false,
  children,
}: {
  name: string;
  note?: ComponentChildren;
  isBest?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={isBest ? 'best' : ''}>
      <dt>{name}</dt>
      <dd>{children === '' ? '–' : children}</dd>
      {note ? <dd class="note">{note}</dd> : null}
    </div>
  );
}
