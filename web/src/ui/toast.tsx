import { signal } from '@preact/signals';

const SHOWN_MS = 4_000;

const message = signal<string | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a sentence for a few seconds, and has screen readers say it. */
export function say(text: string): void {
  clearTimeout(timer);
  message.value = text;
  timer = setTimeout(() => (message.value = null), SHOWN_MS);
}

/** Where `say` speaks. */
export function Toast() {
  return (
    <div role="status" aria-live="polite">
      {message.value !== null && <div class="toast">{message.value}</div>}
    </div>
  );
}
