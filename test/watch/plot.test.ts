import { formatValue, plotCurves, type Curve } from '../../src/watch/plot';

const curve = (...values: number[]): Curve => ({
  name: 'val_loss',
  colour: 33,
  points: values.map((y, x) => ({ x, y })),
});
const size = { width: 32, height: 7, coloured: false };
/** The drawn cells alone: without legend, labels and axis. */
const gridOf = (lines: string[]) => lines.slice(1, -1).map((line) => line.slice(line.indexOf('│') + 1));

describe('plotCurves', () => {
  it('draws a falling line from the upper left to the lower right, with its labels', () => {
    const lines = plotCurves([curve(4, 3, 2, 1, 0)], size);
    expect(lines).toEqual([
      '            val_loss 0',
      '         4 │⠑⠢⢄⡀',
      '           │   ⠈⠑⠢⢄⡀',
      '           │       ⠈⠑⠢⠤⣀',
      '           │            ⠉⠒⠤⣀',
      '         0 │                ⠉⠒⠤⣀',
      '     epoch └0                  4',
    ]);
  });

  it('leaves a gap where values are not finite, and does not let them into the scale', () => {
    const lines = plotCurves([curve(1, 1, NaN, Infinity, -Infinity, 2, 2)], { ...size, width: 12 + 7 });
    const grid = gridOf(lines);
    expect(lines[1]).toMatch(/^ +2 │/);
    expect(lines.at(-2)).toMatch(/^ +1 │/);
    const isDrawn = (column: number) => grid.some((row) => (row[column] ?? ' ') !== ' ');
    expect([0, 1, 2, 3, 4, 5, 6].map(isDrawn)).toEqual([true, true, false, false, false, true, true]);
  });

  it('shows a single point, a flat line, and no finite value at all', () => {
    expect(
      gridOf(plotCurves([curve(5)], size))
        .join('')
        .trim(),
    ).toHaveLength(1);
    const flat = gridOf(plotCurves([curve(5, 5, 5)], size)).filter((row) => row !== '');
    expect(flat).toHaveLength(1);
    expect(flat[0]).toHaveLength(20);
    expect(gridOf(plotCurves([curve(NaN, NaN)], size)).join('')).toBe('');
    expect(plotCurves([curve()], size)[0]).toContain('val_loss –');
  });

  it('gives each curve its colour, and a shared cell that of the later curve', () => {
    const first = { ...curve(1, 1), colour: 36 };
    const lines = plotCurves([first, curve(1, 1)], { ...size, coloured: true })
      .join('\n')
      .replaceAll('\x1b', '');
    expect(lines).toContain('[36mval_loss 1[0m');
    expect(lines).toMatch(/\[33m[⠀-⣿]\[0m/);
    expect(lines).not.toMatch(/\[36m[⠀-⣿]/);
  });

  it.each([20, 40, 80, 200])('never exceeds a width of %i, however many points there are', (width) => {
    const points = Array.from({ length: 5000 }, (_, x) => Math.sin(x / 50) * 1e-7);
    const lines = plotCurves([curve(...points)], { width, height: 12, coloured: false });
    expect(lines).toHaveLength(12);
    expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it('keeps a spike of one epoch among thousands in sight', () => {
    const points = Array.from({ length: 5000 }, (_, x) => (x === 2500 ? 9 : 1));
    const grid = gridOf(plotCurves([curve(...points)], size));
    expect(grid[0]!.trim()).not.toBe('');
  });
});

describe('formatValue', () => {
  it.each([
    [0, '0'],
    [0.123456, '0.1235'],
    [-1.5e-7, '-1.500e-7'],
    [123456789012, '1.235e+11'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [undefined, '–'],
  ])('writes %p as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
    expect(text.length).toBeLessThanOrEqual(10);
  });
});
