import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { navigate } from '../routing';
import { Dialog } from './dialog';

const isHelpOpen = signal(false);

/** What a key does on the page that is shown now. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

const pages = new Set<Shortcuts>();

const GO_TO: Record<string, string> = { e: '/', c: '/compare', l: '/leaderboard', s: '/subjects' };
let isGoing = false;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
  const target = GO_TO[event.key];
  if (isGoing && target) {
    isGoing = false;
    event.preventDefault();
    navigate(target);
    return;
  }
  isGoing = event.key === 'g';
  if (event.key === '?') {
    isHelpOpen.value = true;
    return;
  }
  for (const shortcuts of [...pages].reverse()) {
    const act = shortcuts[event.key];
    if (!act) continue;
    act(event);
    return;
  }
});

/** Gives keys a meaning while the component is shown. They are not heard while the person types into a field. */
export function useShortcuts(shortcuts: Shortcuts): void {
  useEffect(() => {
    pages.add(shortcuts);
    return () => void pages.delete(shortcuts);
  });
}

const KEYS: [keys: string[], meaning: string][] = [
  [['/'], 'Search'],
  [['j', 'k'], 'Next and previous run of the list'],
  [['Enter'], 'Open the run'],
  [['x'], 'Choose the run for comparison'],
  [['c'], 'Compare the chosen runs'],
  [['g', 'e'], 'Go to Experiments'],
  [['g', 'c'], 'Go to Compare'],
  [['g', 'l'], 'Go to Leaderboard'],
  [['g', 's'], 'Go to Subjects'],
  [['←', '→'], 'On a chart: read the value at the epoch before or after'],
  [['+', '−', '0'], 'On a chart: zoom in, zoom out, all epochs'],
  [['?'], 'This list'],
];

/** The list of keys, opened with a question mark. */
export function ShortcutHelp() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keys" onClose={() => (isHelpOpen.value = false)}>
      <dl class="pairs" style={{ alignItems: 'center', rowGap: '0.5rem' }}>
        {KEYS.map(([keys, meaning]) => (
          <>
            <dt>
              {keys.map((key) => (
                <kbd key={key} style={{ marginRight: '0.25rem' }}>
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}
