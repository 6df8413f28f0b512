import './leaderboard.css';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ChallengesDocument, LeaderboardDocument, type OrderDirection, type RunRowFragment } from '../api/documents';
import { follow } from '../api/follow';
import type { ApiFailure } from '../api/request';
import { request } from '../api/request';
import { sessionNumber } from '../api/session';
import { now } from '../clock';
import { secondsOf } from '../experiments/columns';
import { Sparkline } from '../experiments/sparkline';
import { wantSparks } from '../experiments/sparklines';
import { selection, SelectionBar, toggleSelection } from '../experiments/selection';
import { formatCount, formatDuration, formatMetric, formatReading, formatStart, plural, toNumber } from '../format';
import { query, setQuery } from '../routing';
import { Failure, Notice, Skeleton, useTitle } from '../ui/states';

const SIZE = 25;
const USUAL_METRIC = 'best_val_loss';

interface Challenge {
  challenge: number;
  experimentCount: number;
}

/** The best completed runs of a challenge by one of their metrics, as they change. */
export function LeaderboardPage() {
  useTitle('Leaderboard');
  const challenges = useSignal<readonly Challenge[] | null>(null);
  const failure = useSignal<ApiFailure | null>(null);
  const attempt = useSignal(0);
  const session = sessionNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    request(ChallengesDocument, {}, stop.signal).then(
      ({ bestPerChallenge }) => {
        failure.value = null;
        challenges.value = [...bestPerChallenge].sort((a, b) => a.challenge - b.challenge);
      },
      (error: unknown) => {
        if (!stop.signal.aborted) failure.value = error as ApiFailure;
      },
    );
    return () => stop.abort();
  }, [attempt.value, session]);

  const parameters = query.value;
  const asked = Number(parameters.get('challenge') ?? NaN);
  const challenge = Number.isInteger(asked) ? asked : (challenges.value?.[0]?.challenge ?? null);
  const metric = parameters.get('metric') ?? USUAL_METRIC;
  const direction = parameters.get('best') === 'highest' ? 'DESC' : 'ASC';
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>Leaderboard</h1>
      </div>
      {failure.value && !challenges.value ? (
        <Failure failure={failure.value} retry={() => attempt.value++} />
      ) : !challenges.value ? (
        <Skeleton />
      ) : challenge === null ? (
        <Notice title="No run has completed yet">
          <p>The board has the runs of a challenge that came to their planned end and have a figure to be ranked by.</p>
        </Notice>
      ) : (
        <>
          <BoardTools {...{ challenges: challenges.value, challenge, metric, direction }} />
          <Board key={`${session} ${challenge} ${metric} ${direction}`} {...{ challenge, metric, direction }} />
        </>
      )}
      <SelectionBar />
    </>
  );
}

function BoardTools({
  challenges,
  challenge,
  metric,
  direction,
}: {
  challenges: readonly Challenge[];
  challenge: number;
  metric: string;
  direction: OrderDirection;
}) {
  return (
    <div class="board-tools">
      <div role="group" aria-label="Challenge" class="segments">
        {challenges.map(({ challenge: number, experimentCount }) => (
          <button
            key={number}
            type="button"
            class="button"
            aria-pressed={number === challenge}
            title={plural(experimentCount, 'run')}
            onClick={() => setQuery({ challenge: String(number) })}
          >
            Challenge {number}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const value = new FormData(event.currentTarget).get('metric');
          const name = typeof value === 'string' ? value.trim() : '';
          setQuery({ metric: name === USUAL_METRIC ? null : name });
        }}
      >
        <label>
          by{' '}
          <input
            class="field"
            name="metric"
            key={metric}
            defaultValue={metric}
            list="board-metrics"
            spellcheck={false}
          />
        </label>
        <datalist id="board-metrics">
          {['best_val_loss', 'final_val_loss', 'final_train_loss', 'training_time_hours', 'total_epochs'].map(
            (name) => (
              <option key={name} value={name} />
            ),
          )}
        </datalist>
        <select
          class="field"
          aria-label="Which is best"
          value={direction}
          onChange={(event) => setQuery({ best: event.currentTarget.value === 'DESC' ? 'highest' : null })}
        >
          <option value="ASC">lowest first</option>
          <option value="DESC">highest first</option>
        </select>
      </form>
    </div>
  );
}

function valueOf(run: RunRowFragment, metric: string): number {
  const value = run.metrics.values[metric];
  return value === undefined ? NaN : toNumber(value);
}

function Board({ challenge, metric, direction }: { challenge: number; metric: string; direction: OrderDirection }) {
  const runs = useSignal<readonly RunRowFragment[] | null>(null);
  const failure = useSignal<ApiFailure | null>(null);
  const attempt = useSignal(0);
  const before = useRef(new Map<string, string>());

  useEffect(() => {
    const stop = new AbortController();
    failure.value = null;
    void follow(
      LeaderboardDocument,
      () => ({ challenge, first: SIZE, metric, direction }),
      (data) => data.leaderboard,
      {
        onEvent: (board) => {
          runs.value = board;
          wantSparks(board);
        },
        onFailure: (reason) => (failure.value = reason),
      },
      stop.signal,
    );
    return () => stop.abort();
  }, [attempt.value]);

  const board = runs.value;
  // What entered or moved since the board was last drawn is shown so for a moment.
  const known = before.current;
  useEffect(() => {
    before.current = new Map(board?.map((run, index) => [run.id, `${index} ${valueOf(run, metric)}`]));
  }, [board]);

  if (failure.value) return <Failure failure={failure.value} retry={() => attempt.value++} />;
  if (!board) return <Skeleton />;
  if (board.length === 0) {
    return (
      <Notice title="Nobody is on this board yet">
        <p>
          No completed run of challenge {challenge} has <code>{metric}</code>. It fills by itself.
        </p>
      </Notice>
    );
  }
  const values = board.map((run) => valueOf(run, metric));
  const [best, worst] = [values[0]!, values.at(-1)!];
  const lengthOf = (value: number): number => (best === worst ? 1 : 1 - (0.92 * (value - best)) / (worst - best));
  return (
    <ol class="board">
      {board.map((run, index) => {
        const value = values[index]!;
        const seconds = secondsOf(run);
        const isNew = known.size > 0 && known.get(run.id) !== `${index} ${value}`;
        return (
          <li key={run.id} class={isNew ? 'moved' : ''}>
            <span class="rank">{index + 1}</span>
            <span class="who">
              <a href={`/experiments/${run.id}`}>{run.name}</a>
              <span class="quiet">{[run.model?.name, run.createdBy].filter(Boolean).join(' · ')}</span>
            </span>
            <span class="value">
              <b>{Number.isFinite(value) ? formatReading(value) : formatMetric(run.metrics.values[metric])}</b>
              <span class="quiet">{index === 0 ? 'best' : distance(value, best)}</span>
            </span>
            <span class="bar" aria-hidden="true">
              <i style={{ width: `${100 * lengthOf(value)}%` }} />
            </span>
            <Sparkline id={run.id} />
            <span class="more quiet">
              {run.metrics.totalEpochs !== null && <span>{formatCount(run.metrics.totalEpochs)} epochs</span>}
              {seconds !== null && <span>{formatDuration(seconds)}</span>}
              <span>{formatStart(run.startTime, now.value)}</span>
            </span>
            <label class="choice">
              <input
                type="checkbox"
                checked={selection.value.includes(run.id)}
                onChange={() => toggleSelection(run.id)}
              />
              <span class="hidden-visually">Compare {run.name}</span>
            </label>
          </li>
        );
      })}
    </ol>
  );
}

/** How far a value is from the best, in its units. */
function distance(value: number, best: number): string {
  const difference = value - best;
  if (!Number.isFinite(difference)) return '';
  return `${difference >= 0 ? '+' : '−'}${formatMetric(Number(Math.abs(difference).toPrecision(3)))}`;
}
