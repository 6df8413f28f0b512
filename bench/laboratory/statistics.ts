/** What rounds of a measurement came to. */
export interface Figure {
  median: number;
  min: number;
  max: number;
}

/** Enough digits to compute with, few enough to read. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** The value that a share (0 to 1) of the values does not exceed, between neighbours by linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function figureOf(values: readonly number[]): Figure {
  return { median: rounded(median(values)), min: rounded(Math.min(...values)), max: rounded(Math.max(...values)) };
}

/**
 * The exponent e of cost = c · size^e that fits best: the slope of log(cost) over log(size) by least squares. Zero means
 * that the size makes no difference, one that the cost grows in proportion.
 */
export function exponentOf(points: readonly { size: number; cost: number }[]): number {
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ cost }) => Math.log(cost));
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, index) => sum + (x - meanX) * (ys[index]! - meanY), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
}
