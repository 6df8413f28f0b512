import { signal } from '@preact/signals';

/** The time now in milliseconds, told every five seconds, for everything that says how long ago. */
export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 5_000);
document.addEventListener('visibilitychange', () => (now.value = Date.now()));
