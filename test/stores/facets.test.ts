import { toHistogram } from '../../src/stores/facets';

describe('toHistogram', () => {
  it('has a bar for each year from the youngest to the oldest, empty ones included', () => {
    expect(toHistogram([])).toEqual([]);
    expect(
      toHistogram([
        [5, 2],
        [7, 1],
      ]),
    ).toEqual([
      { from: 5, to: 6, count: 2 },
      { from: 6, to: 7, count: 0 },
      { from: 7, to: 8, count: 1 },
    ]);
  });

  it('widens all bars alike where there would be more than 200, and counts everyone', () => {
    const bars = toHistogram([
      [0, 1],
      [199, 1],
      [200, 3],
      [1_000_000, 1],
    ]);
    expect(bars.length).toBeLessThanOrEqual(200);
    expect(new Set(bars.map(({ from, to }) => to - from)).size).toBe(1);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(6);
    expect(bars[0]).toEqual({ from: 0, to: 5001, count: 5 });
    expect(
      toHistogram([
        [0, 1],
        [199, 1],
      ]),
    ).toHaveLength(200);
  });

  it('stands an age that no one has', () => {
    const bars = toHistogram([
      [5, 1],
      [1.7e308, 1],
    ]);
    expect(bars.length).toBeLessThanOrEqual(201);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(bars.every(({ from, to }) => Number.isFinite(from) && Number.isFinite(to))).toBe(true);
  });
});
