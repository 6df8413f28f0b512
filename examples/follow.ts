import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphQLError } from 'graphql';
import type { Client } from 'graphql-ws';

/** A subscription whose one field gives events with a `cursor`, and which takes `$after` beside its other variables. */
export interface Followed<Event> {
  query: string;
  /** Where to begin; left out behind a cursor. For epochLogged: `{ afterEpoch: -1 }`. */
  begin?: Record<string, unknown>;
  variables?: Record<string, unknown>;
  /** What was received before is void. Awaited once the subscription is in place: forget it, and query what is there. */
  onBegin: () => void | Promise<void>;
  onEvent: (event: Event) => void;
}

/** Follows a subscription until `signal` aborts, through whatever happens between here and the database. */
export async function follow<Event extends { cursor: string }>(
  client: Client, // createClient({ url, retryAttempts: 0 }): to begin again is done here
  { query, begin, variables, onBegin, onEvent }: Followed<Event>,
  signal: AbortSignal,
): Promise<void> {
  let after: string | undefined;
  for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 10_000)) {
    const events = client.iterate<Record<string, Event>>({
      query,
      variables: { ...variables, ...(after ? { after } : begin) },
    });
    const stop = () => void events.return!();
    signal.addEventListener('abort', stop);
    try {
      const first = events.next(); // from here on events are kept, also while onBegin queries
      first.catch(() => undefined);
      if (after === undefined) await onBegin();
      for (let got = await first; !got.done; got = await events.next()) {
        const { data, errors } = got.value;
        if (errors) throw new AggregateError(errors);
        const [event] = Object.values(data!) as [Event];
        onEvent(event);
        after = event.cursor;
        pause = 100;
      }
    } catch (error) {
      const errors: unknown = error instanceof AggregateError ? error.errors : error;
      const codes = Array.isArray(errors) ? (errors as GraphQLError[]).map(({ extensions }) => extensions.code) : [];
      if (codes.includes('RESYNC_REQUIRED')) after = undefined;
      else if (codes.length > 0 && !codes.some((code) => /^(DATABASE_UNAVAILABLE|TIMED_OUT)$/.test(String(code))))
        throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}
