/** A curve of a chart; values that are not finite leave a gap. */
export interface Curve {
  name: string;
  /** ANSI colour code of the foreground, such as 36 for cyan. */
  colour: number;
  /** By ascending x. */
  points: readonly { x: number; y: number }[];
}

export interface PlotSize {
  /** Columns and rows of the whole chart, its legend and axis included. */
  width: number;
  height: number;
  coloured: boolean;
}

const FIRST_BRAILLE = 0x2800;
/** Bit of each dot in a braille character: two dots across, four down. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const LABEL_WIDTH = 10;
const SMALLEST_GRID = { width: 4, height: 2 };

/**
 * The lines of a chart: a legend with each curve's last value, the curves drawn in braille dots between the labelled
 * minimum and maximum, and an axis with the first and the last x. Where two curves share a character the later one
 * gives its colour. Too small a size is drawn as large as it takes to hold the labels.
 */
export function plotCurves(curves: readonly Curve[], { width, height, coloured }: PlotSize): string[] {
  const columns = Math.max(width - LABEL_WIDTH - 2, SMALLEST_GRID.width);
  const rows = Math.max(height - 2, SMALLEST_GRID.height);
  const paint = (text: string, colour: number) => (coloured ? `\x1b[${colour}m${text}\x1b[0m` : text);

  const legend = curves.map((curve) => paint(`${curve.name} ${formatValue(curve.points.at(-1)?.y)}`, curve.colour));
  const [left, right] = rangeOf(curves.flatMap((curve) => curve.points.map(({ x }) => x)));
  const [low, high] = rangeOf(curves.flatMap((curve) => curve.points.map(({ y }) => y)));
  const grid = new DotGrid(columns, rows);
  for (const curve of curves) {
    const place = ({ x, y }: { x: number; y: number }) => ({
      across: Math.round(fraction(x, left, right) * (columns * 2 - 1)),
      down: Math.round((1 - fraction(y, low, high)) * (rows * 4 - 1)),
    });
    let previous: ReturnType<typeof place> | undefined;
    for (const point of curve.points) {
      const here = Number.isFinite(point.y) ? place(point) : undefined;
      if (here) grid.line(previous ?? here, here, curve.colour);
      previous = here;
    }
  }

  const label = (text: string) => text.padStart(LABEL_WIDTH);
  const body = grid.lines(paint).map((line, row) => {
    const value = row === 0 ? high : row === rows - 1 ? low : undefined;
    return `${label(value === undefined ? '' : formatValue(value))} │${line}`;
  });
  const [first, last] = [formatValue(left), formatValue(right)];
  const axis = `${label('epoch')} └${first}${last.padStart(Math.max(columns - first.length, last.length + 1))}`;
  return [`${label('')}  ${legend.join('   ')}`, ...body, axis];
}

/** A value in at most ten characters; a dash for none. */
export function formatValue(value: number | undefined): string {
  if (value === undefined) return '–';
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : value.toPrecision(4);
}

/** The smallest and the largest finite value; NaN twice if there is none. */
function rangeOf(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [NaN, NaN];
}

/** Where a value stands between two others, 0 to 1; in the middle where they are the same. */
function fraction(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}

interface Dot {
  across: number;
  down: number;
}

class DotGrid {
  private readonly bits: Uint8Array;
  private readonly colours: Uint8Array;

  constructor(
    private readonly columns: number,
    private readonly rows: number,
  ) {
    this.bits = new Uint8Array(columns * rows);
    this.colours = new Uint8Array(columns * rows);
  }

  line(from: Dot, to: Dot, colour: number): void {
    const steps = Math.max(Math.abs(to.across - from.across), Math.abs(to.down - from.down), 1);
    for (let step = 0; step <= steps; step++) {
      const across = Math.round(from.across + ((to.across - from.across) * step) / steps);
      const down = Math.round(from.down + ((to.down - from.down) * step) / steps);
      const cell = (down >> 2) * this.columns + (across >> 1);
      this.bits[cell]! |= DOTS[(down & 3) as 0 | 1 | 2 | 3][(across & 1) as 0 | 1];
      this.colours[cell] = colour;
    }
  }

  lines(paint: (text: string, colour: number) => string): string[] {
    return Array.from({ length: this.rows }, (_, row) => {
      const cells = Array.from({ length: this.columns }, (__, column) => {
        const cell = row * this.columns + column;
        const bits = this.bits[cell]!;
        return bits === 0 ? ' ' : paint(String.fromCharCode(FIRST_BRAILLE + bits), this.colours[cell]!);
      });
      return cells.join('').trimEnd();
    });
  }
}
