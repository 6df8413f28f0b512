import 'uplot/dist/uPlot.min.css';
import './charts.css';
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../ui/media';
import type { Curve } from './curve';
import { valueAt } from './readout';
import { Plot, type Marks, type PlotStyle, type Range } from './plot';

interface ChartProps extends PlotStyle {
  /** What the chart shows, for those who can't see it. */
  label: string;
  curves: readonly Curve[];
  marks?: Marks;
  /** The epoch that the pointer is at, shared by the charts of a page. */
  hovered: Signal<number | null>;
  /** The zoom, shared by the charts of a page; null is everything. */
  range: Signal<Range | null>;
}

const NO_MARKS: Marks = {};
/** A key zooms by this factor. */
const ZOOM = 1.6;

/** Curves over epochs. Dragging zooms, a double click shows all; arrows read values, plus, minus and 0 zoom. */
export function Chart({ label, curves, marks = NO_MARKS, hovered, range, ...style }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  /** What screen readers say when a person reads the chart by the keyboard. */
  const spoken = useSignal('');
  const plot = useRef<Plot | null>(null);
  const { height, isLog, smoothing, isSmall, gaps, group } = style;
  const shape = curves.map(({ key, color, isDashed }) => `${key} ${color} ${isDashed ?? ''}`).join('\n');

  useEffect(() => {
    const element = frame.current!;
    const made = new Plot(element, curves, style, {
      onHover: (epoch) => (hovered.value = epoch),
      onRange: (next) => (range.value = next),
    });
    plot.current = made;
    made.setRange(range.peek());
    made.show(curves, marks);
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === width || element.clientWidth === 0) return;
      width = element.clientWidth;
      made.resize(width);
    });
    observer.observe(element);
    const followRange = range.subscribe((next) => made.setRange(next));
    // A canvas that was drawn before its font had come is drawn again with it.
    void document.fonts.load('12px Plex').then(() => plot.current === made && made.repaint());
    const followTheme = isDark.subscribe(() => made.repaint());
    return () => {
      followRange();
      followTheme();
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height, isLog, smoothing, isSmall, gaps, group]);

  useEffect(() => {
    plot.current?.show(curves, marks);
  }, [curves, marks]);

  return (
    <>
      <p class="hidden-visually" role="status">
        {spoken.value}
      </p>
      <div
        ref={frame}
        class="chart"
        style={{ height: `${height}px` }}
        role="application"
        tabIndex={0}
        aria-label={`${label}. Arrow keys read the values, plus and minus zoom, 0 shows all.`}
        onKeyDown={(event) => {
          const changed = onKey(event.key, curves, hovered.peek(), range.peek());
          if (!changed) return;
          event.preventDefault();
          if (changed.epoch !== undefined) {
            plot.current?.point(changed.epoch);
            hovered.value = changed.epoch;
            const { epoch } = changed;
            spoken.value = [
              `epoch ${epoch}`,
              ...curves.map((curve) => `${curve.label} ${valueAt(curve, epoch) || 'none'}`),
            ].join(', ');
          }
          if (changed.range !== undefined) range.value = changed.range;
        }}
      />
    </>
  );
}

/** What a key on a chart changes: the epoch that is read, or the zoom; undefined for keys without a meaning. */
function onKey(
  key: string,
  curves: readonly Curve[],
  hovered: number | null,
  range: Range | null,
): { epoch?: number; range?: Range | null } | undefined {
  const epochs = curves.reduce<readonly number[]>(
    (longest, curve) => (curve.epochs.length > longest.length ? curve.epochs : longest),
    [],
  );
  const [first, last] = [epochs[0], epochs.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    if (hovered === null) return { epoch: key === 'ArrowRight' ? first : last };
    const next =
      key === 'ArrowRight'
        ? epochs.find((epoch) => epoch > hovered)
        : [...epochs].reverse().find((epoch) => epoch < hovered);
    return { epoch: next ?? hovered };
  }
  if (key === 'Home') return { epoch: first };
  if (key === 'End') return { epoch: last };
  if (key === '0') return { range: null };
  if (key !== '+' && key !== '=' && key !== '-') return undefined;
  const [from, to] = range ?? [first, last];
  const center = hovered !== null && hovered >= from && hovered <= to ? hovered : (from + to) / 2;
  const factor = key === '-' ? ZOOM : 1 / ZOOM;
  const next: Range = [
    Math.max(first, center - (center - from) * factor),
    Math.min(last, center + (to - center) * factor),
  ];
  return { range: next[0] <= first && next[1] >= last ? null : next };
}
