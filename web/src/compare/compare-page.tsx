import './compare.css';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { sessionNumber } from '../api/session';
import { Chart } from '../charts/chart';
import { readChartSettings, readRange, writeRange } from '../charts/chart-settings';
import { ChartTools } from '../charts/chart-tools';
import type { Curve } from '../charts/curve';
import type { Range } from '../charts/plot';
import { Readout } from '../charts/readout';
import { MAX_COMPARED, selection } from '../experiments/selection';
import { query, setQuery } from '../routing';
import { isNarrow } from '../ui/media';
import { Failure, Skeleton, useTitle } from '../ui/states';
import { say } from '../ui/toast';
import { LiveComparison, type Comparison } from './compare-data';
import { Differences } from './differences';
import { RunPicker } from './run-picker';

function readIds(): string[] {
  const ids = (query.value.get('ids') ?? '').split(',').filter(Boolean);
  return [...new Set(ids)].slice(0, MAX_COMPARED);
}

function setIds(ids: readonly string[]): void {
  selection.value = ids;
  setQuery({ ids: ids.join(',') });
}

/** Runs over each other: their curves, and where they differ. The address is the link to share. */
export function ComparePage() {
  const ids = readIds();
  const session = sessionNumber.value;
  useTitle('Compare');
  const live = useMemo(() => (ids.length >= 2 ? new LiveComparison(ids) : null), [ids.join(), session]);
  useEffect(() => {
    live?.open();
    return () => live?.close();
  }, [live]);
  const comparison = live?.comparison.value ?? null;
  const failure = live?.failure.value ?? null;

  return (
    <div class="compare">
      <div class="page-head">
        <h1 tabIndex={-1}>Compare</h1>
        {ids.length >= 2 && <p class="quiet">{ids.length} runs</p>}
        <div class="aside">
          {ids.length > 0 && ids.length < MAX_COMPARED && (
            <RunPicker chosen={ids} onAdd={(id) => setIds([...ids, id])} label="Add a run" />
          )}
          {ids.length >= 2 && (
            <button type="button" class="button" onClick={() => void copyLink()}>
              Copy the link
            </button>
          )}
        </div>
      </div>
      {!live ? (
        <Start ids={ids} />
      ) : failure && !comparison ? (
        <Failure failure={failure} retry={() => live.open()} />
      ) : !comparison ? (
        <Skeleton lines={8} />
      ) : (
        <Compared live={live} comparison={comparison} onRemove={(id) => setIds(ids.filter((other) => other !== id))} />
      )}
    </div>
  );
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    say('The link is copied.');
  } catch {
    say('The browser does not let the page copy; the address bar has the link.');
  }
}

function Start({ ids }: { ids: readonly string[] }) {
  return (
    <section class="notice">
      <h2>{ids.length === 1 ? 'One run is chosen; a comparison takes two' : 'Choose runs to compare'}</h2>
      <p>
        Up to ten runs are laid over each other, with the differences of their configurations and metrics. Choose them
        here, or in the <a href="/">list</a> with the boxes at the left or the key <kbd>x</kbd>.
      </p>
      <RunPicker chosen={ids} onAdd={(id) => setIds([...ids, id])} label="Choose a run" />
      {selection.value.length >= 2 && ids.length === 0 && (
        <button type="button" class="button primary" onClick={() => setIds(selection.peek())}>
          Compare the {selection.value.length} chosen runs
        </button>
      )}
    </section>
  );
}

function Compared({
  live,
  comparison,
  onRemove,
}: {
  live: LiveComparison;
  comparison: Comparison;
  onRemove: (id: string) => void;
}) {
  const runs = comparison.experiments;
  const settings = readChartSettings(query.value);
  const hovered = useSignal<number | null>(null);
  const range = useSignal<Range | null>(readRange(query.peek()));
  useEffect(() => range.subscribe((next) => writeRange(next)), []);
  const versions = runs.map(({ id }) => live.histories.get(id)!.version.value).join();

  const names = useMemo(
    () => [...new Set(runs.flatMap(({ id }) => live.histories.get(id)!.names()))],
    [comparison, versions],
  );
  const wanted = settings.metrics.filter((name) => names.includes(name));
  const usual = names.includes('val_loss') ? ['val_loss'] : names.slice(0, 1);
  const chosen = wanted.length > 0 ? wanted : usual;
  const curves = useMemo(
    () =>
      chosen.flatMap((name, place) =>
        runs.flatMap(({ id, name: run }, color): Curve[] => {
          const metric = live.histories.get(id)!.metric(name);
          if (!metric) return [];
          const { epochs, values } = metric;
          const label = chosen.length > 1 ? `${run} ${name}` : run;
          return [
            { key: `${id} ${name}`, label, color, isDashed: place > 0, epochs: [...epochs], values: [...values] },
          ];
        }),
      ),
    [comparison, versions, chosen.join('\n')],
  );
  const toggle = (name: string): void => {
    const next = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    setQuery({ m: next.length === 0 || next.join() === usual.join() ? null : next.join(',') });
  };
  return (
    <>
      <section class="panel main-chart" aria-label="Curves">
        <div class="chart-head">
          <span class="chart-title">{chosen.join(', ')}</span>
          <ChartTools settings={settings} range={range} names={names} chosen={chosen} onToggle={toggle} />
        </div>
        <Readout curves={curves} hovered={hovered} />
        <Chart
          label={`${chosen.join(', ')} of ${runs.length} runs`}
          curves={curves}
          hovered={hovered}
          range={range}
          height={isNarrow.value ? 280 : 420}
          isLog={settings.isLog}
          smoothing={settings.smoothing}
          isSmall={isNarrow.value}
          gaps="crosses"
          group="compare"
        />
      </section>
      <Differences comparison={comparison} onRemove={onRemove} />
    </>
  );
}
