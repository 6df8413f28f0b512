import { setQuery } from '../routing';
import type { Range } from './plot';

/** How charts are shown, as it stands in the address. */
export interface ChartSettings {
  /** Names of the metrics that were chosen; empty for the usual ones. */
  metrics: string[];
  isLog: boolean;
  /** Weight of the moving average, 0 to 0.99. */
  smoothing: number;
}

export function readChartSettings(query: URLSearchParams): ChartSettings {
  const smoothing = Number(query.get('smooth') ?? 0);
  return {
    metrics: (query.get('m') ?? '').split(',').filter(Boolean),
    isLog: query.get('scale') === 'log',
    smoothing: smoothing > 0 && smoothing < 1 ? Math.min(smoothing, 0.99) : 0,
  };
}

/** The zoom of an address; null where it shows everything. */
export function readRange(query: URLSearchParams): Range | null {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(query.get('zoom') ?? '');
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : null;
}

const WRITE_AFTER_MS = 300;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Keeps the zoom in the address, once it rests. */
export function writeRange(range: Range | null): void {
  clearTimeout(timer);
  const { pathname } = location;
  timer = setTimeout(() => {
    if (location.pathname !== pathname) return;
    const text = range && range.map((epoch) => Math.round(epoch * 10) / 10).join('-');
    if ((new URLSearchParams(location.search).get('zoom') ?? null) !== text) setQuery({ zoom: text });
  }, WRITE_AFTER_MS);
}
