import { signal } from '@preact/signals-core';
import type { CurveFragment } from '../api/documents';
import { toNumber, type MetricValue } from '../format';

/** The stored points of one metric of one run. */
export interface MetricHistory {
  name: string;
  epochs: number[];
  values: number[];
}

/** Points that a curve is asked for: more than a wide screen has pixels, so that a downsampled one looks the same. */
export const MAX_POINTS = 2_000;
/** So many points may come live behind a loaded curve before it is asked for anew, thinned out. */
const MAX_APPENDED = 2_000;
/** So many epochs may be put in the place of thinned-out ones before the curves are loaded anew. */
const MAX_REFINED = 20_000;
/** Live points are drawn at most this often. */
const DRAW_EVERY_MS = 120;

/**
 * The metrics of one run over its epochs: loaded as columns, then extended point by point. What it keeps has a bound,
 * however long the run goes on: `isOverfull` says when to load it anew.
 */
export class RunHistory {
  /** Counts up when there is something new to draw. */
  readonly version = signal(0);
  readonly isLoaded = signal(false);
  /** The last epoch that is known; -1 while there is none. */
  lastEpoch = -1;
  /** Whether points were left out of what was loaded. */
  isSampled = false;

  private metrics = new Map<string, MetricHistory>();
  private appended = 0;
  private refined = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Epochs that came live while a load was under way, to be put behind what it brings. */
  private pending: { epoch: number; values: Record<string, MetricValue> }[] = [];

  get isOverfull(): boolean {
    return this.appended > MAX_APPENDED;
  }

  /** Names of all metrics: losses first, then by name. */
  names(): string[] {
    const rank = (name: string): string =>
      `${name.includes('loss') ? 0 : 1}${stemOf(name)}${name.startsWith('train') ? 0 : 1}${name}`;
    return [...this.metrics.keys()].sort((a, b) => rank(a).localeCompare(rank(b)));
  }

  /** One metric; undefined where the run has none of the name. */
  metric(name: string): MetricHistory | undefined {
    return this.metrics.get(name);
  }

  /** Takes the place of everything; what came live since `load` was asked for is put behind it. */
  load(series: readonly CurveFragment[]): void {
    this.metrics = new Map(
      series.map(({ name, epochs, values }) => [name, { name, epochs: [...epochs], values: values.map(toNumber) }]),
    );
    this.isSampled = series.some(({ sampled }) => sampled);
    this.appended = 0;
    this.refined = 0;
    this.lastEpoch = Math.max(-1, ...series.map(({ epochs }) => epochs.at(-1) ?? -1));
    const pending = this.pending;
    this.pending = [];
    for (const { epoch, values } of pending) this.put(epoch, values);
    this.isLoaded.value = true;
    this.version.value++;
  }

  /** Takes an epoch that came live: a new one, or one that was logged again. */
  take(epoch: number, values: Record<string, MetricValue>): void {
    if (this.isLoaded.peek()) this.put(epoch, values);
    else this.pending.push({ epoch, values });
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.version.value++;
    }, DRAW_EVERY_MS);
  }

  /** Puts every epoch of a stretch in the place of the thinned-out ones. */
  refine(epochs: readonly { epoch: number; metrics: { values: Record<string, MetricValue> } }[]): void {
    const { appended } = this;
    for (const { epoch, metrics } of epochs) this.put(epoch, metrics.values);
    // Stretches that were looked at have a bound of their own: beyond it, the next live epoch has everything loaded anew.
    this.refined += epochs.length;
    this.appended = this.refined > MAX_REFINED ? Infinity : appended;
    this.version.value++;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private put(epoch: number, values: Record<string, MetricValue>): void {
    for (const [name, value] of Object.entries(values)) {
      let history = this.metrics.get(name);
      if (!history) this.metrics.set(name, (history = { name, epochs: [], values: [] }));
      putPoint(history, epoch, toNumber(value));
    }
    if (epoch > this.lastEpoch) this.lastEpoch = epoch;
    this.appended++;
  }
}

function putPoint({ epochs, values }: MetricHistory, epoch: number, value: number): void {
  let at = epochs.length;
  // Nearly every point is a new last one.
  if (at > 0 && epochs[at - 1]! >= epoch) at = placeOf(epochs, epoch);
  const isKnown = epochs[at] === epoch;
  epochs.splice(at, isKnown ? 1 : 0, epoch);
  values.splice(at, isKnown ? 1 : 0, value);
}

/** The first place whose epoch is not below this one. */
function placeOf(epochs: readonly number[], epoch: number): number {
  let [low, high] = [0, epochs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (epochs[middle]! < epoch) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a metric measures, whatever it was measured on: "loss" of train_loss and val_loss. */
export function stemOf(name: string): string {
  return name.replace(/^(train|val|valid|validation|test)[_./-]/, '');
}
