import { signal } from '@preact/signals';
import { createClient, type Client } from 'graphql-ws';
import { connectionParameters, sessionNumber } from './session';

/** Where the live connection stands; `idle` while no page follows anything. */
export type ConnectionState = 'idle' | 'connecting' | 'live' | 'lost';

export const connectionState = signal<ConnectionState>('idle');

/** Close codes that are no loss: nobody follows anything any more, or a token is asked for. */
const NOT_LOST = [1000, 4401, 4403];
const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;

/** Resolvers of those who wait to try again; woken early when the network is back. */
const sleepers = new Set<() => void>();

/** Waits before another try: `ms`, or less where the network comes back meanwhile. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      sleepers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    sleepers.add(wake);
  });
}

function createSocketClient(): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    connectionParams: () => connectionParameters() ?? {},
    // Each subscription tries again itself, behind its own cursor.
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
    keepAlive: PING_EVERY_MS,
    on: {
      connecting: () => {
        if (connectionState.peek() !== 'lost') connectionState.value = 'connecting';
      },
      connected: () => (connectionState.value = 'live'),
      closed: (event) => {
        clearTimeout(pongTimer);
        connectionState.value = NOT_LOST.includes((event as CloseEvent).code) ? 'idle' : 'lost';
      },
      // A network that swallows packets closes nothing: without an answer to a ping, the socket is dead.
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  return client;
}

/** The one WebSocket of this tab. */
export const socket = createSocketClient();

addEventListener('offline', () => socket.terminate());
addEventListener('online', () => {
  for (const wake of [...sleepers]) wake();
});

// Another token is another session: what was opened with the old one ends, and its followers come back with the new one.
sessionNumber.subscribe((number) => {
  if (number > 0) socket.terminate();
});
