import { MongoServerError } from 'mongodb';
import { badInput } from '../errors';
import type { Database } from '../stores/database';
import { isDatabaseUnavailable } from '../stores/failures';
import { withinTime } from '../stores/time-limits';
import type { Broker } from './broker';
import { decodeToken, PIPELINE, readChange, type LiveEvent } from './events';
import { isHistoryLost } from './feed';
import type { Heart } from './heart';
import { resyncRequired, type EventQueue } from './queue';

const AWAIT_MS = 100;
const CLOSE_WITHIN_MS = 1_000;
/** Streams at once: each holds a connection, and after a restart every subscriber comes back at the same moment. */
const MOST_STREAMS = 8;

/** Subscriptions that continue from places which the broker does not remember, such as after a restart of the server. */
export class CatchUps {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly database: Database,
    private readonly broker: Broker,
    private readonly heart: Heart,
  ) {}

  /**
   * The accepted events from behind a cursor: from a second, temporary change stream, until the newest event taken from
   * it is one that the broker remembers. Ends with the queue of those that follow; with undefined once `signal` stops it.
   */
  async *from(
    accepts: (event: LiveEvent) => boolean,
    after: string,
    signal: AbortSignal,
  ): AsyncGenerator<LiveEvent, EventQueue | undefined> {
    if (this.running >= MOST_STREAMS) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return yield* this.read(accepts, after, signal);
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private async *read(
    accepts: (event: LiveEvent) => boolean,
    after: string,
    signal: AbortSignal,
  ): AsyncGenerator<LiveEvent, EventQueue | undefined> {
    const stream = this.database.db.watch(PIPELINE, {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: AWAIT_MS,
      startAfter: decodeToken(after),
    });
    const stop = () => void stream.close().catch(() => undefined);
    signal.addEventListener('abort', stop);
    let last = after;
    try {
      while (!signal.aborted) {
        const queue = this.broker.openAfter(last, accepts);
        if (queue) return queue;
        const change = await withinTime(stream.tryNext());
        if (!change) {
          // The end of the history: a heartbeat is a place that both streams come to, also where nothing else happens.
          await this.heart.beat();
          continue;
        }
        const entry = readChange(change);
        if (entry === 'reset') throw resyncRequired('The history of changes has a gap.');
        if (entry === 'ignored' || 'token' in entry) continue;
        if ('heartbeat' in entry) last = entry.heartbeat.cursor;
        else {
          last = entry.cursor;
          if (accepts(entry)) yield entry;
        }
      }
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isHistoryLost(error)) throw resyncRequired('The changes since `after` are no longer kept.');
      const isRefused = last === after && error instanceof MongoServerError && !isDatabaseUnavailable(error);
      throw isRefused ? badInput('after', 'is not a cursor that the database can continue from') : error;
    } finally {
      signal.removeEventListener('abort', stop);
      await withinTime(stream.close(), CLOSE_WITHIN_MS).catch(() => undefined);
    }
  }
}
