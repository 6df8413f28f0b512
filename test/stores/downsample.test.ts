import { sampleIndexes } from '../../src/stores/downsample';
import { Random } from '../embedded/random';

/** The buckets that a curve of `length` is cut into for at most `max` points, four to a bucket. */
function bucketsOf(length: number, max: number): [start: number, end: number][] {
  const count = Math.max(1, Math.floor(max / 4));
  const edge = (bucket: number) => Math.floor((bucket * length) / count);
  return Array.from({ length: count }, (_, bucket) => [edge(bucket), edge(bucket + 1)]);
}

describe('sampleIndexes', () => {
  it('keeps everything that fits', () => {
    expect(sampleIndexes([], 1)).toEqual([]);
    expect(sampleIndexes([5], 1)).toEqual([0]);
    expect(sampleIndexes([3, NaN, 1], 3)).toEqual([0, 1, 2]);
  });

  it('keeps the first, last, smallest and largest of each bucket', () => {
    expect(sampleIndexes([5, 9, 1, 5, 5, 5, 5, 2, 8, 5], 8)).toEqual([0, 1, 2, 4, 5, 7, 8, 9]);
    expect(sampleIndexes([5, 9, 1, 5, 5], 4)).toEqual([0, 1, 2, 4]);
  });

  it('prefers the first, then the last, then the smallest where fewer than four fit', () => {
    const values = [5, 9, 1, 5, 5];
    expect(sampleIndexes(values, 1)).toEqual([0]);
    expect(sampleIndexes(values, 2)).toEqual([0, 4]);
    expect(sampleIndexes(values, 3)).toEqual([0, 2, 4]);
    expect(sampleIndexes([1, 9, 2, 3], 3)).toEqual([0, 1, 3]);
  });

  it('takes NaN for neither the smallest nor the largest, and the infinities for what they are', () => {
    expect(sampleIndexes([NaN, 3, 1, 2, NaN], 4)).toEqual([0, 1, 2, 4]);
    expect(sampleIndexes([NaN, NaN, NaN, NaN, NaN], 4)).toEqual([0, 4]);
    expect(sampleIndexes([0, Infinity, 1, -Infinity, 0], 4)).toEqual([0, 1, 3, 4]);
  });

  it('holds for random curves: at most max, ascending, the extremes of every bucket, always the same', () => {
    const random = new Random(11);
    for (let round = 0; round < 500; round++) {
      const values = Array.from({ length: random.below(300) }, () =>
        random.chance(0.1) ? NaN : random.pick([random.next(), 0, 1, Infinity, -Infinity]),
      );
      const max = 1 + random.below(100);
      const kept = sampleIndexes(values, max);
      expect(sampleIndexes([...values], max)).toEqual(kept);
      expect(kept.length).toBeLessThanOrEqual(max);
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      if (values.length <= max) expect(kept).toHaveLength(values.length);
      if (values.length <= max || max < 4) continue;
      for (const [start, end] of bucketsOf(values.length, max)) {
        const within = kept.filter((index) => index >= start && index < end);
        expect([within[0], within.at(-1)]).toEqual([start, end - 1]);
        const real = values.slice(start, end).filter((value) => !Number.isNaN(value));
        const shown = within.map((index) => values[index]!).filter((value) => !Number.isNaN(value));
        expect([Math.min(...shown), Math.max(...shown)]).toEqual([Math.min(...real), Math.max(...real)]);
      }
    }
  });
});
