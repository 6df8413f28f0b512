import type { Signal } from '@preact/signals';
import { formatReading } from '../format';
import { dashesOf, seriesVariable } from './colors';
import type { Curve } from './curve';

/** A short line in a series' colour and dashes. */
export function Swatch({ color, isDashed = false }: { color: number; isDashed?: boolean | undefined }) {
  const dashes = isDashed ? ' dotted' : dashesOf(color).length > 0 ? ' dashed' : '';
  return <i class={`swatch${dashes}`} style={{ color: `var(${seriesVariable(color)})` }} aria-hidden="true" />;
}

/** A curve's value at an epoch as text, NaN included; empty where it has none. */
export function valueAt({ epochs, values }: Pick<Curve, 'epochs' | 'values'>, epoch: number): string {
  let [low, high] = [0, epochs.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = epochs[middle]!;
    if (at === epoch) return formatReading(values[middle]!);
    if (at < epoch) low = middle + 1;
    else high = middle - 1;
  }
  return '';
}

/** The legend of a chart, with the values at the pointer, or the last ones while there is no pointer. */
export function Readout({ curves, hovered }: { curves: readonly Curve[]; hovered: Signal<number | null> }) {
  const lasts = curves.map(({ epochs }) => epochs.at(-1));
  const isSame = lasts.every((last) => last === lasts[0]);
  const at = hovered.value;
  const epoch = at ?? (isSame ? lasts[0] : null);
  const words = epoch === null ? 'last epoch' : epoch === undefined ? '' : `epoch ${epoch}`;
  return (
    <div class="readout" aria-live="off">
      <span class="at">{words}</span>
      {curves.map((curve, place) => (
        <span key={curve.key} class="curve">
          <Swatch color={curve.color} isDashed={curve.isDashed} />
          {curve.label} <b>{valueAt(curve, at ?? lasts[place] ?? -1)}</b>
        </span>
      ))}
    </div>
  );
}
