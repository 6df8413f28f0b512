import { signal, type Signal } from '@preact/signals';
import { SparklinesDocument } from '../api/documents';
import { request } from '../api/request';
import { toNumber } from '../format';
import type { Run } from './columns';

/** The curve of a run in small: where each point stands, NaN for a gap. */
export interface Spark {
  epochs: number[];
  values: number[];
}

const POINTS = 48;
/** Scrolling on within this time asks for nothing. */
const REST_MS = 120;
/** The curves of longer runs would cost the database more than a look at a list is worth. */
const MAX_EPOCHS = 20_000;
const IDS_AT_ONCE = 50;

const sparks = new Map<string, Signal<Spark | null>>();
const totals = new Map<string, number>();
let wanted = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The small curve of a run, null until it is there; asked for once the run stays in view. */
export function sparkOf(id: string): Signal<Spark | null> {
  let spark = sparks.get(id);
  if (!spark) sparks.set(id, (spark = signal(null)));
  return spark;
}

/** Names the runs in view. */
export function wantSparks(runs: readonly Run[]): void {
  wanted = new Set(
    runs
      .filter(({ id, metrics }) => {
        const epochs = metrics.totalEpochs ?? 0;
        if (epochs === 0 || epochs > MAX_EPOCHS) return false;
        follow(id, epochs, metrics.finalValLoss);
        return !totals.has(id);
      })
      .map(({ id }) => id),
  );
  clearTimeout(timer);
  if (wanted.size > 0) timer = setTimeout(() => void load(), REST_MS);
}

/** A run that was logged on gets its last value behind its curve; the curve is thinned when it grows long. */
function follow(id: string, epochs: number, last: Run['metrics']['finalValLoss']): void {
  const known = totals.get(id);
  const spark = sparks.get(id);
  if (known === undefined || !spark?.peek() || epochs === known) return;
  if (epochs < known || last === null) {
    totals.delete(id);
    return;
  }
  totals.set(id, epochs);
  let { epochs: at, values } = spark.peek()!;
  at = [...at, epochs - 1];
  values = [...values, toNumber(last)];
  if (at.length > 2 * POINTS) {
    const kept = (_: unknown, index: number): boolean => index % 2 === 0 || index === at.length - 1;
    [at, values] = [at.filter(kept), values.filter(kept)];
  }
  spark.value = { epochs: at, values };
}

async function load(): Promise<void> {
  const ids = [...wanted].slice(0, IDS_AT_ONCE);
  if (ids.length === 0) return;
  for (const id of ids) wanted.delete(id);
  try {
    const { experiments } = await request(SparklinesDocument, { ids });
    for (const { id, series } of experiments.nodes) {
      const [curve] = series;
      if (!curve || curve.epochs.length === 0) continue;
      totals.set(id, curve.epochs.at(-1)! + 1);
      sparkOf(id).value = { epochs: curve.epochs, values: curve.values.map(toNumber) };
    }
  } catch {
    // The list is whole without its small curves; they are asked for with the next rows in view.
    return;
  }
  if (wanted.size > 0) timer = setTimeout(() => void load(), REST_MS);
}
