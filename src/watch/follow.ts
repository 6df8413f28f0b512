import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { describeErrors, WatchError, type ApiError } from './api';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** Close codes of graphql-transport-ws that say the client is not welcome as it is; any other close may pass. */
const LASTING_CLOSE_CODES = [4400, 4401, 4403, 4406, 4409, 4429];

export interface Subscription<Event> {
  /** The document; its one field gives events with a `cursor`, and takes `$after` beside `variables`. */
  query: string;
  field: string;
  variables: Record<string, unknown>;
  onEvent: (event: Event) => void;
  /** The server can't continue from the last event: what was received is void, and the subscription begins anew. */
  onResync?: () => void;
  /** The connection is gone and will be tried again. */
  onLost?: () => void;
}

/**
 * Follows a subscription until `signal` aborts, through lost connections: after one it continues behind the last event
 * received, and begins anew where the server can't. Throws WatchError for what no retry mends.
 */
export async function follow<Event extends { cursor: string }>(
  client: Client,
  subscription: Subscription<Event>,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const variables = cursor === undefined ? subscription.variables : continued(subscription.variables, cursor);
    let isLost = true;
    try {
      await receive<Event>(client, { ...subscription, variables }, signal, (event) => {
        failures = 0;
        cursor = event.cursor;
        subscription.onEvent(event);
      });
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      if (error.has('RESYNC_REQUIRED')) {
        isLost = false;
        cursor = undefined;
        subscription.onResync?.();
      } else {
        throwIfLasting(error);
      }
    }
    if (signal.aborted) return;
    if (isLost && failures === 0) subscription.onLost?.();
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** The variables that continue behind a cursor; `afterEpoch` would name a second place to start. */
function continued(variables: Record<string, unknown>, after: string): Record<string, unknown> {
  const others = { ...variables, after };
  delete (others as { afterEpoch?: unknown }).afterEpoch;
  return others;
}

/** One life of the subscription: resolves when it completes or `signal` aborts, rejects with Ended. */
function receive<Event>(
  client: Client,
  { query, field, variables }: Pick<Subscription<Event>, 'query' | 'field' | 'variables'>,
  signal: AbortSignal,
  onEvent: (event: Event) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = client.subscribe<Record<string, Event>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          const event = data?.[field];
          if (errors?.length) finish(() => reject(new Ended(errors)));
          else if (event) onEvent(event);
        },
        error: (error) => finish(() => reject(new Ended(error))),
        complete: () => finish(resolve),
      },
    );
    const onAbort = () => finish(resolve);
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort);
      settle();
      stop();
    };
    signal.addEventListener('abort', onAbort);
  });
}

/** What goes by itself: the same subscription may stand a moment later. */
const PASSING_CODES = ['DATABASE_UNAVAILABLE', 'TIMED_OUT'];

/** How a life of the subscription ended badly: by errors of the API or, without any, by the connection. */
class Ended extends Error {
  override readonly name = 'Ended';
  readonly errors: readonly ApiError[];
  readonly closeCode: number | undefined;

  /** @param cause - what graphql-ws reports: a list of GraphQL errors, a close event or an error of the socket. */
  constructor(cause: unknown) {
    const { code, reason } = (cause ?? {}) as { code?: unknown; reason?: unknown };
    super(typeof reason === 'string' && reason !== '' ? reason : 'no reason given');
    this.errors = Array.isArray(cause) ? (cause as ApiError[]) : [];
    this.closeCode = typeof code === 'number' ? code : undefined;
  }

  has(code: string): boolean {
    return this.errors.some(({ extensions }) => extensions?.code === code);
  }
}

function throwIfLasting(ended: Ended): void {
  if (ended.errors.length > 0 && !PASSING_CODES.some((code) => ended.has(code))) {
    throw new WatchError(`The server ended the subscription: ${describeErrors(ended.errors)}`);
  }
  if (ended.closeCode !== undefined && LASTING_CLOSE_CODES.includes(ended.closeCode)) {
    throw new WatchError(`The server closed the connection: ${ended.message} (${ended.closeCode}).`);
  }
}
