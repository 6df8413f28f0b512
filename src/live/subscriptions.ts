import { MongoServerError, type ObjectId } from 'mongodb';
import { ChangeKind } from '../../types/enums/ChangeKind';
import type { Epoch } from '../../types/Epoch';
import type { CheckpointEvent } from '../../types/events/CheckpointEvent';
import type { EpochEvent } from '../../types/events/EpochEvent';
import type { ExperimentEvent } from '../../types/events/ExperimentEvent';
import { badInput, notFound } from '../errors';
import type { Stores } from '../stores';
import { isDatabaseUnavailable } from '../stores/failures';
import { withinTime } from '../stores/time-limits';
import type { Broker } from './broker';
import { decodeToken, PIPELINE, readChange, type LiveEvent } from './events';
import { isHistoryLost, type ChangeFeed } from './feed';
import { resyncRequired, type EventQueue } from './queue';

const CATCH_UP_AWAIT_MS = 250;
const CLOSE_WITHIN_MS = 1_000;

type Accepts = (event: LiveEvent) => boolean;

/**
 * An iterator whose return() takes effect while a next() is waiting: an async generator alone would only see it after
 * the event that it waits for. `stop` must make what the generator waits for end.
 */
function stoppable<T>(generator: AsyncGenerator<T>, stop: () => void): AsyncIterableIterator<T> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => generator.next(),
    return: async () => {
      stop();
      await generator.return(undefined);
      return { done: true, value: undefined };
    },
  };
}

/** The subscriptions of the API, from the feed's events to what subscribers get. */
export class Live {
  constructor(
    private readonly stores: Stores,
    private readonly broker: Broker,
    private readonly feed: ChangeFeed,
  ) {}

  /** Experiments created, changed and removed: all of them, or the one with `id`. */
  experimentChanged(id: ObjectId | null, after: string | null): AsyncIterableIterator<ExperimentEvent> {
    const accepts: Accepts = (event) =>
      event.collection === 'experiments' &&
      (event.document !== null || event.kind === ChangeKind.DELETED) &&
      isId(event.id, id);
    return this.mapped(accepts, after, (event) => ({
      kind: event.kind,
      cursor: event.cursor,
      experimentId: event.id as ObjectId,
      experiment: event.document && this.stores.reader.experiment(event.document),
    }));
  }

  /** Checkpoints saved or changed, of all experiments or one, of all kinds or the best ones. */
  checkpointSaved(
    experimentId: ObjectId | null,
    bestOnly: boolean,
    after: string | null,
  ): AsyncIterableIterator<CheckpointEvent> {
    const accepts: Accepts = ({ collection, kind, document }) =>
      collection === 'checkpoints' &&
      kind !== ChangeKind.DELETED &&
      document !== null &&
      isId(document.experiment_id, experimentId) &&
      (!bestOnly || document.is_best === true);
    return this.mapped(accepts, after, ({ kind, cursor, document }) => {
      const checkpoint = this.stores.reader.checkpoint(document!);
      return checkpoint && { kind, cursor, experimentId: checkpoint.experiment_id, checkpoint };
    });
  }

  /**
   * Epochs of an experiment as they are logged. With `afterEpoch`, the stored ones above it come first, in order; what
   * the feed then brings of the same version is left out, so that each version of an epoch comes once.
   */
  epochLogged(
    experimentId: ObjectId,
    afterEpoch: number | null,
    after: string | null,
  ): AsyncIterableIterator<EpochEvent> {
    if (afterEpoch !== null && after !== null) {
      throw badInput('afterEpoch', 'give `afterEpoch` to begin or `after` to continue, not both');
    }
    const accepts: Accepts = ({ collection, kind, document }) =>
      collection === 'epochs' &&
      kind !== ChangeKind.DELETED &&
      document !== null &&
      isId(document.experiment_id, experimentId);
    const toEvent = (kind: ChangeKind, cursor: string, epoch: Epoch | undefined): EpochEvent | undefined =>
      epoch && { kind, cursor, experimentId: epoch.experiment_id, epoch };
    const snapshot = after === null ? null : snapshotOf(after);
    if (afterEpoch === null && !snapshot) {
      return this.mapped(accepts, after, (event) =>
        toEvent(event.kind, event.cursor, this.stores.reader.epoch(event.document!)),
      );
    }

    // Subscribe first, read second: what is written in between comes from the feed.
    const stopping = new AbortController();
    const place = snapshot?.place ?? this.feed.cursor ?? null;
    const from = snapshot?.epoch ?? afterEpoch!;
    const events = this.events(accepts, snapshot?.place ?? null, stopping.signal);
    const { epochs, reader } = this.stores;
    async function* run(): AsyncGenerator<EpochEvent> {
      const seen = new Map<string, number>();
      for await (const epoch of epochs.storedAfter(experimentId, from)) {
        if (stopping.signal.aborted) return;
        seen.set(String(epoch._id), epoch.version);
        yield toEvent(ChangeKind.CREATED, snapshotCursor(place, epoch.epoch), epoch)!;
      }
      for await (const event of events) {
        const epoch = reader.epoch(event.document!);
        const key = String(epoch?._id);
        if (!epoch || (seen.get(key) ?? -1) >= epoch.version) continue;
        if (seen.has(key)) seen.set(key, epoch.version);
        yield toEvent(event.kind, event.cursor, epoch)!;
      }
    }
    return stoppable(run(), () => stopping.abort());
  }

  /** NOT_FOUND where the experiment does not exist: a subscription to it would be silent for ever. */
  async assertExists(experimentId: ObjectId): Promise<void> {
    const [found] = await this.stores.experiments.byIds([experimentId]);
    if (!found) throw notFound('Experiment', experimentId.toHexString());
  }

  private mapped<T>(
    accepts: Accepts,
    after: string | null,
    map: (event: LiveEvent) => T | undefined,
  ): AsyncIterableIterator<T> {
    const stopping = new AbortController();
    const events = this.events(accepts, after, stopping.signal);
    async function* run(): AsyncGenerator<T> {
      for await (const event of events) {
        const value = map(event);
        if (value !== undefined) yield value;
      }
    }
    return stoppable(run(), () => stopping.abort());
  }

  /** The accepted events from now, or from behind `after`, until `signal` stops them. Subscribes before it returns. */
  private events(accepts: Accepts, after: string | null, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    const queue = after === null ? this.broker.open(accepts) : this.broker.openAfter(after, accepts);
    if (queue) {
      signal.addEventListener('abort', () => queue.end());
      return drain(queue);
    }
    decodeToken(after!);
    return this.catchUp(accepts, after!, signal);
  }

  /**
   * Events from behind a cursor that the broker does not remember: from a second, temporary change stream, until the
   * newest event taken from it is one that the broker remembers.
   */
  private async *catchUp(accepts: Accepts, after: string, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    const stream = this.stores.database.db.watch(PIPELINE, {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: CATCH_UP_AWAIT_MS,
      startAfter: decodeToken(after),
    });
    const stop = () => void stream.close().catch(() => undefined);
    signal.addEventListener('abort', stop);
    let last = after;
    let queue: EventQueue | undefined;
    try {
      while (!signal.aborted) {
        queue = this.broker.openAfter(last, accepts);
        if (queue) break;
        const change = await withinTime(stream.tryNext());
        if (!change) continue;
        const entry = readChange(change);
        if (entry === 'reset') throw resyncRequired('The history of changes has a gap.');
        if (entry === 'ignored') continue;
        last = entry.cursor;
        if (accepts(entry)) yield entry;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isHistoryLost(error)) throw resyncRequired('The changes since `after` are no longer kept.');
      const isRefused = last === after && error instanceof MongoServerError && !isDatabaseUnavailable(error);
      throw isRefused ? badInput('after', 'is not a cursor that the database can continue from') : error;
    } finally {
      signal.removeEventListener('abort', stop);
      await withinTime(stream.close(), CLOSE_WITHIN_MS).catch(() => undefined);
    }
    if (!queue) return;
    const live = queue;
    signal.addEventListener('abort', () => live.end());
    if (signal.aborted) live.end();
    yield* drain(live);
  }
}

async function* drain(queue: EventQueue): AsyncGenerator<LiveEvent> {
  try {
    for (let event = await queue.next(); event; event = await queue.next()) yield event;
  } finally {
    queue.end();
  }
}

function isId(value: unknown, id: ObjectId | null): boolean {
  return id === null || id.equals(value as ObjectId);
}

/** Where a subscription that begins with stored epochs stands: the feed's place when it began, and the last epoch. */
interface Snapshot {
  place: string | null;
  epoch: number;
}

const SNAPSHOT = /^(\d+)\.([\w-]*)$/;

function snapshotCursor(place: string | null, epoch: number): string {
  return `${epoch}.${place ?? ''}`;
}

function snapshotOf(cursor: string): Snapshot | null {
  const match = SNAPSHOT.exec(cursor);
  return match && { epoch: Number(match[1]), place: match[2] || null };
}
