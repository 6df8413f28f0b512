import { useState } from 'preact/hooks';
import type { FacetsFragment } from '../api/documents';
import { plural } from '../format';
import { setQuery } from '../routing';

type Bins = FacetsFragment['ageHistogram'];

const HEIGHT = 72;

/** Ages in bars of a year: all subjects behind, those that match before. Dragging over bars narrows to them. */
export function AgeHistogram({
  all,
  matching,
  chosen,
}: {
  all: Bins;
  matching: Bins;
  chosen: [from: number, to: number] | null;
}) {
  const [drag, setDrag] = useState<[from: number, to: number] | null>(null);
  if (all.length === 0) return null;
  const most = Math.max(...all.map(({ count }) => count), 1);
  const shown = drag ?? chosen;
  const countAt = (from: number): number => matching.find((bin) => bin.from === from)?.count ?? 0;
  const choose = (from: number, to: number): void => {
    const isSame = chosen?.[0] === from && chosen[1] === to;
    setQuery({ age: isSame ? null : `${from}-${to}` });
  };
  const finish = (): void => {
    if (drag) choose(drag[0], drag[1]);
    setDrag(null);
  };
  return (
    <fieldset class="facet">
      <legend>
        Age
        {chosen && (
          <button type="button" class="facet-reset" onClick={() => setQuery({ age: null })}>
            {chosen[0]} to {chosen[1]} years ×
          </button>
        )}
      </legend>
      <div class="histogram" style={{ height: `${HEIGHT}px` }} onPointerLeave={finish} onPointerUp={finish}>
        {all.map(({ from, to, count }) => {
          const isIn = shown !== null && from >= shown[0] && to <= shown[1];
          const now = countAt(from);
          return (
            <button
              key={from}
              type="button"
              class={isIn ? 'in' : ''}
              aria-label={`${from} to ${to} years: ${plural(now, 'subject')}`}
              aria-pressed={isIn}
              title={`${from} to ${to} years: ${now} of ${count}`}
              onPointerDown={(event) => {
                event.currentTarget.releasePointerCapture(event.pointerId);
                setDrag([from, to]);
              }}
              onPointerEnter={() => drag && setDrag([Math.min(drag[0], from), Math.max(drag[1], to)])}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                choose(from, to);
              }}
            >
              <i style={{ height: `${(100 * count) / most}%` }} />
              <i class="now" style={{ height: `${(100 * now) / most}%` }} />
            </button>
          );
        })}
      </div>
      <p class="histogram-ends">
        <span>{all[0]!.from}</span>
        <span>years</span>
        <span>{all.at(-1)!.to}</span>
      </p>
    </fieldset>
  );
}
