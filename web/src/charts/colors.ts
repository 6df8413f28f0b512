import { isDark } from '../ui/media';

const PALETTE_SIZE = 10;
let cached: { dark: boolean; values: Map<string, string> } | undefined;

/** A colour of the style sheet, for canvases: these don't see its variables. */
export function cssColor(name: string): string {
  const dark = isDark.peek();
  if (cached?.dark !== dark) cached = { dark, values: new Map() };
  let value = cached.values.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    cached.values.set(name, value);
  }
  return value;
}

/** The name of a series' colour in the style sheet. */
export function seriesVariable(place: number): string {
  return `--series-${place % PALETTE_SIZE}`;
}

/** The dashes of a series in CSS pixels: the second half of the palette is dashed, so that shape tells it apart, too. */
export function dashesOf(place: number, isDashed = false): number[] {
  if (isDashed) return [2, 3];
  return place % PALETTE_SIZE >= PALETTE_SIZE / 2 ? [7, 3] : [];
}
