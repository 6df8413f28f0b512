import './locale';
import uPlot from 'uplot';
import { formatCount, formatMetric } from '../format';
import { cssColor, dashesOf, seriesVariable } from './colors';
import { align, gapsOf, smooth, type Curve } from './curve';
import { roomFor } from './labels';

/** Epochs from and to. */
export type Range = [from: number, to: number];

/** What a plot marks beside its curves. */
export interface Marks {
  /** The epoch that did best, with its value where that is on the plot. */
  best?: { epoch: number; value: number | null } | undefined;
  /** Epochs with a saved checkpoint. */
  checkpoints?: readonly number[] | undefined;
}

/** How a plot looks; a change builds it anew. */
export interface PlotStyle {
  height: number;
  isLog: boolean;
  /** Weight of the moving average that is drawn over the raw curves; 0 draws these alone. */
  smoothing: number;
  /** Whether there is room for little more than the curve. */
  isSmall: boolean;
  /**
   * How stretches without a number are shown: as bands, where the curves are of one run, or as a cross at the last
   * number before each, where they are of several.
   */
  gaps: 'bands' | 'crosses';
  /** Plots of one group share the place of the pointer. */
  group: string;
}

/** What a plot tells. */
export interface PlotEvents {
  /** The pointer is at an epoch, or left (null). */
  onHover: (epoch: number | null) => void;
  /** A person zoomed or panned to a range; null is everything. */
  onRange: (range: Range | null) => void;
}

const RAW_ALPHA = 0.28;
/**
 * More curves than this are drawn a device pixel wide. Browsers without a GPU draw such lines in a seventh of the time that
 * wider ones take, and fifty of them are told apart better.
 */
const MANY_CURVES = 16;

/** One chart on a canvas: curves over epochs, with zoom by dragging, pan by wheel, and marks. */
export class Plot {
  private readonly chart: uPlot;
  private curves: readonly Curve[] = [];
  private marks: Marks = {};
  private range: Range | null = null;
  private all: Range = [0, 1];
  /** While the plot itself changes its scales, nobody is told. */
  private isQuiet = false;

  constructor(
    private readonly element: HTMLElement,
    keys: readonly Pick<Curve, 'color' | 'label' | 'isDashed'>[],
    private readonly style: PlotStyle,
    private readonly events: PlotEvents,
  ) {
    this.chart = new uPlot(this.options(keys), [[]], element);
    this.listen();
  }

  /** Draws these curves, which are those of the constructor with newer points, at the range that is shown. */
  show(curves: readonly Curve[], marks: Marks): void {
    this.curves = curves;
    this.marks = marks;
    const { smoothing, isLog } = this.style;
    const drawn =
      smoothing > 0
        ? [...curves, ...curves.map((curve) => ({ ...curve, values: smooth(curve.values, smoothing) }))]
        : curves;
    const { epochs, columns } = align(drawn, isLog);
    this.all = [epochs[0] ?? 0, Math.max(epochs.at(-1) ?? 1, (epochs[0] ?? 0) + 1)];
    this.quietly(() => {
      this.chart.batch(() => {
        this.chart.setData([epochs, ...columns], false);
        this.setScale(this.range ?? this.all);
      });
    });
  }

  /** Shows a range of epochs; null shows all, also those to come. */
  setRange(range: Range | null): void {
    if (range?.[0] === this.range?.[0] && range?.[1] === this.range?.[1]) return;
    this.range = range;
    this.quietly(() => this.setScale(range ?? this.all));
  }

  /** Moves the pointer to an epoch, as the mouse would. */
  point(epoch: number): void {
    const left = this.chart.valToPos(epoch, 'x');
    this.chart.setCursor({ left, top: this.chart.bbox.height / devicePixelRatio / 2 });
  }

  resize(width: number): void {
    this.quietly(() => this.chart.setSize({ width, height: this.style.height }));
  }

  /** Draws again with the colours of the style sheet as they are now. */
  repaint(): void {
    this.chart.redraw(false);
  }

  destroy(): void {
    this.chart.destroy();
  }

  private quietly(change: () => void): void {
    this.isQuiet = true;
    change();
    this.isQuiet = false;
  }

  private setScale([min, max]: Range): void {
    this.chart.setScale('x', { min, max });
  }

  /** Tells of a new range, kept inside of what there is and no narrower than two epochs. */
  private request([from, to]: Range): void {
    const [first, last] = this.all;
    const width = Math.min(Math.max(to - from, 2), last - first);
    const start = Math.max(first, Math.min(from, last - width));
    const isAll = width >= last - first;
    this.setRange(isAll ? null : [start, start + width]);
    this.events.onRange(this.range);
  }

  private options(keys: readonly Pick<Curve, 'color' | 'label' | 'isDashed'>[]): uPlot.Options {
    const { height, isLog, smoothing, isSmall, group } = this.style;
    const line = (curve: (typeof keys)[number], width: number, alpha: number): uPlot.Series => ({
      label: curve.label,
      stroke: () => cssColor(seriesVariable(curve.color)),
      width,
      alpha,
      dash: dashesOf(curve.color, curve.isDashed),
      points: { show: (_plot, _series, from, to) => to - from < 24, size: 4 },
      spanGaps: false,
    });
    const isDense = keys.length > MANY_CURVES;
    const hairline = 1 / devicePixelRatio;
    const width = isDense ? hairline : 1.5;
    const raw = keys.map((curve) => line(curve, smoothing > 0 ? hairline : width, smoothing > 0 ? RAW_ALPHA : 1));
    const smoothed = smoothing > 0 ? keys.map((curve) => line(curve, isDense ? hairline : 1.75, 1)) : [];
    const font = `${isSmall ? 10.5 : 11.5}px Plex, system-ui, sans-serif`;
    const axis: uPlot.Axis = {
      font,
      stroke: () => cssColor('--ink-3'),
      grid: { stroke: () => cssColor('--line'), width: 1 },
      ticks: { show: false },
    };
    return {
      width: this.element.clientWidth || 600,
      height,
      padding: [isSmall ? 6 : 12, 8, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false },
        y: isLog
          ? { distr: 3, range: (_plot, min, max) => logRange(min, max) }
          : { range: (_plot, min, max) => roomyRange(min, max) },
      },
      axes: [
        {
          ...axis,
          size: isSmall ? 20 : 26,
          gap: 4,
          space: isSmall ? 50 : 70,
          grid: { show: false },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
          values: (_plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : '')),
        },
        {
          ...axis,
          size: (plot, ticks) => Math.max(isSmall ? 46 : 56, roomFor(plot.ctx, font, ticks ?? [])),
          gap: 6,
          space: isSmall ? 26 : 40,
          values: (_plot, ticks) =>
            ticks.map((tick) => (tick === null ? '' : formatMetric(Number(tick.toPrecision(6))))),
        },
      ],
      series: [{}, ...raw, ...smoothed],
      cursor: {
        y: false,
        sync: { key: group, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        focus: { prox: 16 },
        points: {
          size: 6,
          width: 1.5,
          stroke: () => cssColor('--surface'),
          fill: (_plot, index) => cssColor(seriesVariable(keys[(index - 1) % keys.length]?.color ?? 0)),
        },
      },
      focus: { alpha: 1 },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      hooks: {
        drawClear: [(plot) => this.drawGaps(plot)],
        draw: [(plot) => this.drawMarks(plot), (plot) => this.drawCrosses(plot)],
        setCursor: [
          (plot) => this.events.onHover(plot.cursor.idx == null ? null : (plot.data[0][plot.cursor.idx] ?? null)),
        ],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            const range: Range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (!this.isQuiet) this.request(range);
          },
        ],
      },
    };
  }

  private listen(): void {
    const { over } = this.chart;
    over.addEventListener('dblclick', () => {
      this.setRange(null);
      this.events.onRange(null);
    });
    over.addEventListener(
      'wheel',
      (event) => {
        const { min, max } = this.chart.scales.x!;
        if (min === undefined || max === undefined || min === null || max === null) return;
        const span = max - min;
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const at = this.chart.posToVal(event.offsetX, 'x');
          const factor = Math.exp(event.deltaY * 0.004);
          this.request([at - (at - min) * factor, at + (max - at) * factor]);
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
          event.preventDefault();
          const step = ((event.deltaX || event.deltaY) / over.clientWidth) * span;
          this.request([min + step, max + step]);
        }
      },
      { passive: false },
    );
  }

  /** Bands where a curve has no number, behind the curves. */
  private drawGaps(plot: uPlot): void {
    if (this.style.gaps !== 'bands') return;
    const { ctx, bbox } = plot;
    const gaps = joined(this.curves.flatMap(gapsOf));
    if (gaps.length === 0) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = cssColor('--failed');
    let labelled = -Infinity;
    for (const [from, to] of gaps) {
      const left = plot.valToPos(from - 0.5, 'x', true);
      const width = Math.max(plot.valToPos(to + 0.5, 'x', true) - left, 2);
      ctx.globalAlpha = 0.08;
      ctx.fillRect(left, bbox.top, width, bbox.height);
      const room = 34 * devicePixelRatio;
      if (this.style.isSmall || width < room || left < labelled) continue;
      ctx.globalAlpha = 1;
      ctx.font = `${11 * devicePixelRatio}px Plex, system-ui, sans-serif`;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'top';
      ctx.fillText(
        'no number (NaN or ∞)',
        Math.max(left, bbox.left) + 6 * devicePixelRatio,
        bbox.top + 22 * devicePixelRatio,
      );
      labelled = left + width;
    }
    ctx.restore();
  }

  /** A cross in a curve's colour at the last number before each of its gaps. */
  private drawCrosses(plot: uPlot): void {
    if (this.style.gaps !== 'crosses') return;
    const { ctx } = plot;
    const half = 4 * devicePixelRatio;
    ctx.save();
    ctx.lineWidth = 2 * devicePixelRatio;
    for (const { epochs, values, color } of this.curves) {
      ctx.strokeStyle = cssColor(seriesVariable(color));
      values.forEach((value, index) => {
        const before = values[index - 1];
        if (Number.isFinite(value) || before === undefined || !Number.isFinite(before)) return;
        if (this.style.isLog && before <= 0) return;
        const x = plot.valToPos(epochs[index - 1]!, 'x', true);
        const y = plot.valToPos(before, 'y', true);
        ctx.beginPath();
        ctx.moveTo(x - half, y - half);
        ctx.lineTo(x + half, y + half);
        ctx.moveTo(x + half, y - half);
        ctx.lineTo(x - half, y + half);
        ctx.stroke();
      });
    }
    ctx.restore();
  }

  /** The best epoch as a line with its number, checkpoints as marks on the lower edge. */
  private drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const { best, checkpoints } = this.marks;
    const ratio = devicePixelRatio;
    const { min, max } = plot.scales.x!;
    const isInside = (epoch: number): boolean => min != null && max != null && epoch >= min && epoch <= max;
    ctx.save();
    ctx.fillStyle = cssColor('--ink-3');
    for (const epoch of checkpoints ?? []) {
      if (!isInside(epoch)) continue;
      const x = plot.valToPos(epoch, 'x', true);
      const y = bbox.top + bbox.height;
      const half = 3.5 * ratio;
      ctx.beginPath();
      ctx.moveTo(x - half, y);
      ctx.lineTo(x + half, y);
      ctx.lineTo(x, y - 1.6 * half);
      ctx.fill();
    }
    if (best && isInside(best.epoch)) {
      const x = Math.round(plot.valToPos(best.epoch, 'x', true)) + 0.5;
      ctx.strokeStyle = cssColor('--best');
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.setLineDash([]);
      const isShown = best.value !== null && Number.isFinite(best.value) && (!this.style.isLog || best.value > 0);
      if (isShown) {
        ctx.beginPath();
        ctx.arc(x, plot.valToPos(best.value!, 'y', true), 4 * ratio, 0, 2 * Math.PI);
        ctx.fillStyle = cssColor('--best');
        ctx.fill();
        ctx.lineWidth = 1.5 * ratio;
        ctx.strokeStyle = cssColor('--surface');
        ctx.stroke();
      }
      if (!this.style.isSmall) {
        const isRight = x > bbox.left + bbox.width - 90 * ratio;
        ctx.fillStyle = cssColor('--best');
        ctx.font = `500 ${11.5 * ratio}px Plex, system-ui, sans-serif`;
        ctx.textAlign = isRight ? 'right' : 'left';
        ctx.textBaseline = 'top';
        ctx.fillText(`best, epoch ${best.epoch}`, x + (isRight ? -6 : 6) * ratio, bbox.top + 4 * ratio);
      }
    }
    ctx.restore();
  }
}

/** Stretches that overlap as one. */
function joined(gaps: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [from, to] of [...gaps].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** A little room above and below; a flat curve stands in the middle. */
function roomyRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  if (min === max) {
    const half = Math.abs(min) * 0.1 || 0.5;
    return [min - half, max + half];
  }
  const room = (max - min) * 0.06;
  // Losses that come near to zero keep it as their floor.
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}

function logRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || min <= 0) return [0.1, 1];
  if (min === max) return [min / 2, max * 2];
  const room = (max / min) ** 0.06;
  return [min / room, max * room];
}
