import { signal } from '@preact/signals';
import { navigate } from '../routing';
import { useShortcuts } from '../ui/shortcuts';
import { say } from '../ui/toast';

/** As many as the API compares, and as can be told apart on one chart. */
export const MAX_COMPARED = 10;

/** Ids of the runs chosen for comparison, in the order of choosing; kept while the person looks at other pages. */
export const selection = signal<readonly string[]>([]);

/** Chooses a run, or no longer. */
export function toggleSelection(id: string): void {
  const chosen = selection.peek();
  if (chosen.includes(id)) {
    selection.value = chosen.filter((other) => other !== id);
  } else if (chosen.length >= MAX_COMPARED) {
    say(`At most ${MAX_COMPARED} runs are compared at once.`);
  } else {
    selection.value = [...chosen, id];
  }
}

export function compareSelection(): void {
  if (selection.peek().length >= 2) navigate(`/compare?ids=${selection.peek().join(',')}`);
  else say('Choose two runs or more to compare them.');
}

/** What may be done with the chosen runs; shown while there are any. */
export function SelectionBar() {
  useShortcuts({ c: compareSelection });
  const count = selection.value.length;
  if (count === 0) return null;
  return (
    <div class="selection-bar" role="region" aria-label="Chosen runs">
      <span>{count === 1 ? '1 run chosen' : `${count} runs chosen`}</span>
      <button class="button primary" onClick={compareSelection} disabled={count < 2}>
        Compare
      </button>
      <button class="button plain" onClick={() => (selection.value = [])}>
        Clear
      </button>
    </div>
  );
}
