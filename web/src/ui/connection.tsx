import { effect, signal } from '@preact/signals';
import { connectionState } from '../api/socket';
import { now } from '../clock';
import { formatDuration } from '../format';
import { say } from './toast';

/** Losses that are mended within this time are not spoken of. */
const PATIENCE_MS = 1_500;

const lostSince = signal<number | null>(null);
const isTold = signal(false);
let timer: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  const state = connectionState.value;
  if (state === 'lost' && lostSince.peek() === null) {
    lostSince.value = Date.now();
    timer = setTimeout(() => (isTold.value = true), PATIENCE_MS);
  } else if (state === 'live' || state === 'idle') {
    clearTimeout(timer);
    if (isTold.peek()) say('The connection is back; nothing was missed.');
    lostSince.value = null;
    isTold.value = false;
  }
});

/** Whether the page shows changes as they happen, at the top of every page. */
export function ConnectionState() {
  const isLost = isTold.value;
  const state = connectionState.value;
  const word = isLost ? 'Offline' : state === 'live' ? 'Live' : state === 'idle' ? '' : 'Connecting';
  return (
    <span class={`connection ${isLost ? 'lost' : state}`} role="status">
      {word && <i aria-hidden="true" />}
      {word}
    </span>
  );
}

/** Says that what is shown may be old, while the connection is lost. */
export function LostBanner() {
  if (!isTold.value || lostSince.value === null) return null;
  const since = Math.max(0, now.value - lostSince.value) / 1000;
  return (
    <div class="lost-banner" role="status">
      <span>
        The connection to the server is lost{since >= 10 ? ` since ${formatDuration(Math.floor(since))}` : ''}. What you
        see is from before; it will be brought up to date by itself.
      </span>
    </div>
  );
}
