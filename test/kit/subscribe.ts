import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';

/** A subscription over a real socket, read one payload at a time. */
export interface TestSubscription<T> {
  /** The next payload's data; rejects with the errors that came instead, and when it takes longer than `ms`. */
  next: (ms?: number) => Promise<T>;
  /** Payloads that have arrived and were not read yet. */
  waiting: () => T[];
  /** Resolves when the server completes the subscription, rejects with the errors that end it. */
  ended: Promise<void>;
  stop: () => void;
}

export function socketUrl(url: string): string {
  return url.replace(/^http/, 'ws');
}

export function newClient(url: string): Client {
  return createClient({ url: socketUrl(url), webSocketImpl: WebSocket, lazy: true, retryAttempts: 0 });
}

/** Starts a subscription; resolves once the server has it in place, which an answered query behind it shows. */
export async function subscribe<T = any>(
  client: Client,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<TestSubscription<T>> {
  const arrived: { data?: T | null; errors?: unknown }[] = [];
  let wake: (() => void) | undefined;
  let end!: () => void;
  let fail!: (reason: unknown) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  ended.catch(() => wake?.());
  let failure: unknown;
  const stop = client.subscribe<T>(
    { query: document, variables },
    {
      next: (payload) => {
        arrived.push(payload as { data?: T | null; errors?: unknown });
        wake?.();
      },
      error: (error) => {
        failure = error;
        fail(error);
      },
      complete: () => end(),
    },
  );
  await new Promise<void>((resolve, reject) => {
    client.subscribe(
      { query: '{ serverInfo { version } }' },
      { next: () => undefined, error: reject, complete: resolve },
    );
  });
  return {
    ended,
    stop,
    waiting: () => arrived.map((payload) => payload.data as T),
    next: async (ms = 5_000) => {
      const deadline = Date.now() + ms;
      while (arrived.length === 0) {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- the list of errors as it came
        if (failure) throw failure;
        const left = deadline - Date.now();
        if (left <= 0) throw new Error(`No event within ${ms} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const { data, errors } = arrived.shift()!;
      if (errors) throw errors as Error;
      return data as T;
    },
  };
}
