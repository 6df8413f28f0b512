/** One metric over the epochs of one run, as it is drawn. */
export interface Curve {
  /** Unique on its chart. */
  key: string;
  label: string;
  /** Ascending. */
  epochs: readonly number[];
  /** values[i] at epochs[i]; NaN and the infinities are gaps. */
  values: readonly number[];
  /** Place in the palette of ten. */
  color: number;
  /** Drawn in dashes, for a second metric of the same colour. */
  isDashed?: boolean;
}

/** Columns on one ascending x, as uPlot takes them: undefined where a curve has no point, null where it is broken. */
export interface Aligned {
  epochs: number[];
  columns: (number | null | undefined)[][];
}

/** Puts curves with points at different epochs on one x. Values that a log scale can't show are gaps on it. */
export function align(curves: readonly Pick<Curve, 'epochs' | 'values'>[], isLog: boolean): Aligned {
  const [first] = curves;
  const isShared = curves.every(({ epochs }) => epochs === first?.epochs || haveSame(epochs, first!.epochs));
  const epochs = isShared
    ? [...(first?.epochs ?? [])]
    : [...new Set(curves.flatMap((curve) => [...curve.epochs]))].sort((a, b) => a - b);
  const shown = (value: number): number | null => (Number.isFinite(value) && (!isLog || value > 0) ? value : null);
  if (isShared) return { epochs, columns: curves.map(({ values }) => values.map(shown)) };
  const columns = curves.map((curve) => {
    const column = new Array<number | null | undefined>(epochs.length).fill(undefined);
    let at = 0;
    curve.epochs.forEach((epoch, index) => {
      while (epochs[at]! < epoch) at++;
      column[at] = shown(curve.values[index]!);
    });
    return column;
  });
  return { epochs, columns };
}

function haveSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((epoch, index) => epoch === b[index]);
}

/**
 * The exponential moving average, without the pull of its first value. `weight` from 0 (the curve itself) to below 1.
 * Gaps stay gaps and begin nothing anew.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let norm = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return NaN;
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}

/** The stretches of epochs at which a curve is NaN or infinite, as first and last epoch. */
export function gapsOf({ epochs, values }: Pick<Curve, 'epochs' | 'values'>): [from: number, to: number][] {
  const gaps: [number, number][] = [];
  let isOpen = false;
  values.forEach((value, index) => {
    if (Number.isFinite(value)) {
      isOpen = false;
    } else if (isOpen) {
      gaps.at(-1)![1] = epochs[index]!;
    } else {
      gaps.push([epochs[index]!, epochs[index]!]);
      isOpen = true;
    }
  });
  return gaps;
}
