import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Chart } from '../charts/chart';
import { ChartTools } from '../charts/chart-tools';
import { readChartSettings, readRange, writeRange } from '../charts/chart-settings';
import type { Curve } from '../charts/curve';
import type { Marks, Range } from '../charts/plot';
import { Readout } from '../charts/readout';
import { toNumber } from '../format';
import { query, setQuery } from '../routing';
import { isNarrow } from '../ui/media';
import { Notice } from '../ui/states';
import { stemOf, type RunHistory } from './history';
import type { LiveRun, RunDetails } from './live-run';

/** A zoom rests when it was not changed for this long. */
const REFINE_AFTER_MS = 350;

/** The place of a metric's colour: the validation's own, another one for the training's. */
function colorOf(name: string, names: readonly string[]): number {
  if (/^(val|valid|validation)[_./-]/.test(name)) return 0;
  if (/^train[_./-]/.test(name)) return 1;
  return names.some((other) => other !== name && stemOf(other) === stemOf(name)) ? 2 : 0;
}

function curveOf(history: RunHistory, name: string, color: number): Curve | undefined {
  const metric = history.metric(name);
  // A new array tells the chart that there is something new; the points themselves are shared.
  return metric && { key: name, label: name, color, epochs: metric.epochs.slice(), values: metric.values.slice() };
}

/** All metrics of a run over its epochs: the chosen ones large, every other one small; zoomed and read together. */
export function RunCharts({ run, details }: { run: LiveRun; details: RunDetails }) {
  const { history } = run;
  const version = history.version.value;
  const settings = readChartSettings(query.value);
  const hovered = useSignal<number | null>(null);
  const range = useSignal<Range | null>(readRange(query.peek()));
  useEffect(() => range.subscribe((next) => writeRange(next)), []);
  useRefinement(run, range);

  const names = useMemo(() => history.names(), [history, version]);
  const losses = names.filter((name) => stemOf(name) === 'loss');
  const usual = losses.length > 0 ? losses : names.slice(0, 1);
  const wanted = settings.metrics.filter((name) => names.includes(name));
  const chosen = wanted.length > 0 ? wanted : usual;

  const curves = useMemo(
    () =>
      chosen.flatMap((name, place) => {
        const own = chosen.every((other) => stemOf(other) === stemOf(name)) ? colorOf(name, names) : place;
        return curveOf(history, name, own) ?? [];
      }),
    [history, version, chosen.join('\n')],
  );
  const marks = useMarks(details, curves);

  if (!history.isLoaded.value) return <span class="skeleton" style={{ height: '26rem', borderRadius: '8px' }} />;
  if (names.length === 0) {
    return (
      <Notice title="No epoch yet">
        <p>The curves begin with the first epoch that the trainer logs. Nothing needs to be loaded again.</p>
      </Notice>
    );
  }

  const others = groupsOf(names.filter((name) => !chosen.includes(name)));
  const toggle = (name: string): void => {
    const next = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    setQuery({ m: next.length === 0 || next.join() === usual.join() ? null : next.join(',') });
  };
  return (
    <section aria-label="Curves">
      <div class="panel main-chart">
        <div class="chart-head">
          <Readout curves={curves} hovered={hovered} />
          <ChartTools settings={settings} range={range} names={names} chosen={chosen} onToggle={toggle} />
        </div>
        <Chart
          label={`${chosen.join(', ')} over ${history.lastEpoch + 1} epochs`}
          curves={curves}
          marks={marks}
          hovered={hovered}
          range={range}
          height={isNarrow.value ? 260 : 380}
          isLog={settings.isLog}
          smoothing={settings.smoothing}
          isSmall={isNarrow.value}
          gaps="bands"
          group={details.id}
        />
        {history.isSampled && (
          <p class="chart-note">Thinned out for drawing; the smallest and largest value of each stretch stay.</p>
        )}
      </div>
      <div class="small-charts">
        {others.map((group) => (
          <SmallChart
            key={group.join()}
            {...{ group, names, history, version, hovered, range, details }}
            onOpen={toggle}
          />
        ))}
      </div>
    </section>
  );
}

/** Once a zoom rests, asks for what was thinned out inside of it. */
function useRefinement(run: LiveRun, range: Signal<Range | null>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = range.subscribe((next) => {
      clearTimeout(timer);
      if (next) timer = setTimeout(() => void run.refine(next[0], next[1]), REFINE_AFTER_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [run]);
}

/** Metrics that measure the same on different data share a chart. */
function groupsOf(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const stem = stemOf(name);
    groups.set(stem, [...(groups.get(stem) ?? []), name]);
  }
  return [...groups.values()];
}

function SmallChart({
  group,
  names,
  history,
  version,
  hovered,
  range,
  details,
  onOpen,
}: {
  group: readonly string[];
  names: readonly string[];
  history: RunHistory;
  version: number;
  hovered: Parameters<typeof Chart>[0]['hovered'];
  range: Parameters<typeof Chart>[0]['range'];
  details: RunDetails;
  onOpen: (name: string) => void;
}) {
  const curves = useMemo(
    () => group.flatMap((name) => curveOf(history, name, colorOf(name, names)) ?? []),
    [history, version, group.join('\n')],
  );
  const best = details.metrics.bestEpoch;
  const marks = useMemo(() => (best === null ? {} : { best: { epoch: best, value: null } }), [best]);
  return (
    <figure class="panel small-chart">
      <figcaption>
        <Readout curves={curves} hovered={hovered} />
        <button
          type="button"
          class="button plain"
          aria-label={`Show ${group.join(' and ')} on the large chart`}
          title="Show on the large chart"
          onClick={() => group.forEach(onOpen)}
        >
          ↑
        </button>
      </figcaption>
      <Chart
        label={group.join(', ')}
        curves={curves}
        marks={marks}
        hovered={hovered}
        range={range}
        height={150}
        isLog={false}
        smoothing={0}
        isSmall
        gaps="bands"
        group={details.id}
      />
    </figure>
  );
}

function useMarks(details: RunDetails, curves: readonly Curve[]): Marks {
  const { bestEpoch, bestValLoss } = details.metrics;
  const isShown = curves.some(({ key }) => key === 'val_loss');
  const epochs = details.checkpoints.nodes.map(({ epoch }) => epoch).join();
  return useMemo(
    () => ({
      best:
        bestEpoch === null
          ? undefined
          : { epoch: bestEpoch, value: isShown && bestValLoss !== null ? toNumber(bestValLoss) : null },
      checkpoints: epochs === '' ? [] : epochs.split(',').map(Number),
    }),
    [bestEpoch, bestValLoss, isShown, epochs],
  );
}
