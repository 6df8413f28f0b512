import './run.css';
import { useEffect, useMemo } from 'preact/hooks';
import { sessionNumber } from '../api/session';
import { RunActions } from '../actions/run-actions';
import { formatInstant } from '../format';
import { selection, toggleSelection } from '../experiments/selection';
import { secondsOf } from '../experiments/columns';
import { formatDuration } from '../format';
import { Failure, Notice, Skeleton, useTitle } from '../ui/states';
import { lifeSentence, Status } from '../ui/status';
import { Checkpoints } from './checkpoints';
import { RunCharts } from './charts';
import { Figures } from './figures';
import { Lineage } from './lineage';
import { LiveRun, type RunDetails } from './live-run';
import { Settings } from './settings';

/** One run: its curves as they grow, what it was set to, and where it came from. */
export function RunPage({ id }: { id: string }) {
  const session = sessionNumber.value;
  const run = useMemo(() => new LiveRun(id), [id, session]);
  useEffect(() => {
    run.open();
    return () => run.close();
  }, [run]);

  const details = run.details.value;
  useTitle(details?.name ?? 'Run');
  if (run.isGone.value) {
    return (
      <Notice title="This run was deleted">
        <p>
          It was removed while you looked at it. <a href="/">All experiments</a>
        </p>
      </Notice>
    );
  }
  if (!details) {
    const failure = run.failure.value;
    if (failure) return <Failure failure={failure} retry={() => run.open()} />;
    return <Waiting />;
  }
  return (
    <article class="run">
      {run.failure.value && (
        <p class="inline-failure" role="alert">
          {run.failure.value.message} What you see may be old.{' '}
          <button type="button" class="button" onClick={() => location.reload()}>
            Load again
          </button>
        </p>
      )}
      <Head run={run} details={details} />
      <Figures run={run} details={details} />
      <RunCharts run={run} details={details} />
      <div class="run-columns">
        <Settings details={details} />
        <div class="run-side">
          <Lineage details={details} />
          <Checkpoints details={details} />
        </div>
      </div>
    </article>
  );
}

function Waiting() {
  return (
    <div aria-busy="true">
      <h1 tabIndex={-1} class="hidden-visually">
        A run
      </h1>
      <span class="skeleton" style={{ width: '22rem', height: '1.8rem', margin: '1.6rem 0 2.2rem' }} />
      <span class="skeleton" style={{ height: '24rem', borderRadius: '8px', marginBottom: '2rem' }} />
      <Skeleton lines={4} />
    </div>
  );
}

function Head({ run, details }: { run: LiveRun; details: RunDetails }) {
  const { name, status, liveness, challenge, model, createdBy, hostname, startTime, tags, note } = details;
  const isChosen = selection.value.includes(details.id);
  const seconds = secondsOf(details);
  const life = lifeSentence(details);
  const facts = [
    challenge !== null && `challenge ${challenge}`,
    model?.name,
    (createdBy !== null || hostname !== null) &&
      `started${createdBy === null ? '' : ` by ${createdBy}`}${hostname === null ? '' : ` on ${hostname}`}`,
    formatInstant(startTime),
    seconds !== null && `${status === 'RUNNING' ? 'running for' : 'took'} ${formatDuration(seconds)}`,
    life,
  ].filter((fact): fact is string => typeof fact === 'string' && fact !== '');
  return (
    <header class="run-head">
      <a class="back" href="/">
        Experiments
      </a>
      <div class="page-head">
        <h1 tabIndex={-1}>{name}</h1>
        <Status status={status} liveness={liveness} />
        <div class="aside">
          <button
            type="button"
            class="button"
            aria-pressed={isChosen}
            onClick={() => toggleSelection(details.id)}
            title="Choose the run for comparison"
          >
            {isChosen ? 'Chosen to compare' : 'Compare'}
          </button>
          <RunActions run={run} details={details} />
        </div>
      </div>
      <p class="facts">
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
      {(tags.length > 0 || note) && (
        <div class="run-note">
          {tags.map((tag) => (
            <a key={tag} class="tag" href={`/?f=tags:any:${encodeURIComponent(tag)}`}>
              {tag}
            </a>
          ))}
          {note && <p>{note}</p>}
        </div>
      )}
    </header>
  );
}
