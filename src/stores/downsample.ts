/**
 * The indexes of at most `max` of the values, ascending, that keep the shape of their curve: the values are cut into
 * buckets of equal length, and of each bucket the first, the last, the smallest and the largest are kept (NaN counts as
 * neither). The same values always give the same indexes.
 */
export function sampleIndexes(values: readonly number[], max: number): number[] {
  if (values.length <= max) return values.map((_, index) => index);
  const buckets = Math.max(1, Math.floor(max / 4));
  const kept = new Set<number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * values.length) / buckets);
    const end = Math.floor(((bucket + 1) * values.length) / buckets);
    let smallest: number | undefined;
    let largest: number | undefined;
    for (let index = start; index < end; index++) {
      const value = values[index]!;
      if (Number.isNaN(value)) continue;
      if (smallest === undefined || value < values[smallest]!) smallest = index;
      if (largest === undefined || value > values[largest]!) largest = index;
    }
    const wanted = new Set([start, end - 1, smallest, largest].filter((index) => index !== undefined));
    for (const index of [...wanted].slice(0, max)) kept.add(index);
  }
  return [...kept].sort((a, b) => a - b);
}
