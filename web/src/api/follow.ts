import type { TypedDocumentString } from './documents';
import { ApiFailure, failureOf, type WireError } from './request';
import { askForToken, sessionNumber } from './session';
import { pause, socket } from './socket';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A life this long was no failed try: the pauses begin anew behind it. */
const STEADY_AFTER_MS = 10_000;
const UNAUTHENTICATED_CODES = [4401, 4403];
/** Close codes of graphql-transport-ws that no other try would mend. */
const LASTING_CODES = [4400, 4406];

export interface Following<Event> {
  onEvent: (event: Event) => void;
  /**
   * The subscription is in place without a cursor: at the start, and again wherever it could not be continued. What a
   * query gives from now on misses nothing that the events don't bring.
   */
  onFresh?: () => void;
  /** It ended for good. */
  onFailure?: (failure: ApiFailure) => void;
}

/**
 * Follows a subscription until `signal` aborts, by the recipe of docs/live.md: through lost connections it continues
 * behind the cursor of the last event, and where the server can't (RESYNC_REQUIRED) it begins anew and says so.
 *
 * `variables` is asked at each beginning, so that it may say where the snapshot stands by then.
 */
export async function follow<Event, Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: () => Omit<Variables, 'after'>,
  pick: (data: Result) => Event,
  { onEvent, onFresh, onFailure }: Following<Event>,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | undefined;
  let failures = 0;
  let session = sessionNumber.peek();
  while (!signal.aborted) {
    const began = Date.now();
    const ended = await live(document, variablesFrom(variables(), cursor), signal, {
      next: (data) => {
        failures = 0;
        const event = pick(data);
        cursor = cursorOf(event);
        onEvent(event);
      },
      placed: () => {
        if (cursor === undefined) onFresh?.();
      },
    });
    if (signal.aborted) return;
    if (Date.now() - began > STEADY_AFTER_MS) failures = 0;
    if (ended instanceof ApiFailure) {
      if (ended.code === 'RESYNC_REQUIRED') {
        cursor = undefined;
      } else if (ended.code === 'UNAUTHENTICATED') {
        await newSession(session, signal);
        cursor = undefined;
      } else if (!ended.isPassing) {
        onFailure?.(ended);
        return;
      }
    }
    session = sessionNumber.peek();
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2));
  }
}

/** A board has none: it comes whole at every beginning. */
function cursorOf(event: unknown): string | undefined {
  return (event as { cursor?: string }).cursor;
}

/** `afterEpoch` would name a second place to start beside the cursor. */
function variablesFrom(variables: Record<string, unknown>, after: string | undefined): Record<string, unknown> {
  if (after === undefined) return variables;
  const continued: Record<string, unknown> = { ...variables, after };
  delete continued.afterEpoch;
  return continued;
}

/** One life of the subscription: why it ended, or undefined where the server completed it. */
function live<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Record<string, unknown>,
  signal: AbortSignal,
  on: { next: (data: Result) => void; placed: () => void },
): Promise<ApiFailure | undefined> {
  return new Promise((resolve) => {
    const finish = (ended: ApiFailure | undefined): void => {
      signal.removeEventListener('abort', abort);
      stop();
      stopProbe();
      resolve(ended);
    };
    const abort = (): void => finish(undefined);
    const stop = socket.subscribe<Result>(
      { query: document.toString(), variables },
      {
        next: ({ data, errors }) => {
          if (errors?.length) finish(failureOf(errors));
          else if (data) on.next(data);
        },
        error: (error) => finish(failureFrom(error)),
        complete: () => finish(undefined),
      },
    );
    // The protocol doesn't acknowledge a subscription; an operation sent behind it is answered when it is in place.
    const stopProbe = socket.subscribe(
      { query: '{ __typename }' },
      { next: on.placed, error: () => undefined, complete: () => undefined },
    );
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
}

/** What graphql-ws reports: a list of GraphQL errors, a close event or an error of the socket. */
function failureFrom(error: unknown): ApiFailure {
  if (Array.isArray(error)) return failureOf(error as WireError[]);
  const { code, reason } = (error ?? {}) as { code?: number; reason?: string };
  if (code !== undefined && UNAUTHENTICATED_CODES.includes(code)) {
    askForToken();
    return new ApiFailure('UNAUTHENTICATED', reason || 'The server asks for a token.');
  }
  if (code !== undefined && LASTING_CODES.includes(code)) {
    return new ApiFailure('BAD_REQUEST', reason || `The server closed the connection (${code}).`);
  }
  return new ApiFailure('UNREACHABLE', 'The live connection is lost.');
}

/** Resolves when a token other than the one of session number `than` is in use. */
function newSession(than: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = sessionNumber.subscribe((number) => {
      if (number !== than) done();
    });
    function done(): void {
      signal.removeEventListener('abort', done);
      queueMicrotask(() => stop());
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
