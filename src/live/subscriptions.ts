import type { Document, ObjectId, Timestamp } from 'mongodb';
import { ChangeKind } from '../../types/enums/ChangeKind';
import type { Epoch } from '../../types/Epoch';
import type { CheckpointEvent } from '../../types/events/CheckpointEvent';
import type { EpochEvent } from '../../types/events/EpochEvent';
import type { ExperimentEvent } from '../../types/events/ExperimentEvent';
import type { SubjectEvent } from '../../types/events/SubjectEvent';
import type { Experiment } from '../../types/Experiment';
import type { ExperimentFilter } from '../../types/inputs/ExperimentFilter';
import { badInput, notFound } from '../errors';
import type { Log } from '../log';
import type { Stores } from '../stores';
import type { Yardstick } from '../stores/experiment-reports';
import { experimentFilter } from '../stores/filters';
import { Boards } from './boards';
import type { Broker } from './broker';
import { CatchUps } from './catch-up';
import { decodeToken, type LiveEvent } from './events';
import type { ChangeFeed } from './feed';
import type { Heart } from './heart';
import { LiveIterator } from './iterator';
import { Membership } from './membership';
import type { EventQueue } from './queue';

type Accepts = (event: LiveEvent) => boolean;
type Source = AsyncGenerator<LiveEvent, EventQueue | undefined>;

/** A subscription's events before they are mapped: where they begin, and what ends them. */
interface Opened {
  source: () => Source;
  signal: AbortSignal;
  stop: () => void;
}

/** What is made of an event is made once, whoever subscribes: what follows can tell by identity what it has done already. */
class Shared<T extends object> {
  private readonly made = new WeakMap<LiveEvent, T>();

  constructor(private readonly make: (event: LiveEvent) => T | undefined) {}

  readonly of = (event: LiveEvent): T | undefined => {
    let value = this.made.get(event);
    if (value === undefined) {
      value = this.make(event);
      if (value !== undefined) this.made.set(event, value);
    }
    return value;
  };
}

/** The subscriptions of the API, from the feed's events to what subscribers get. */
export class Live {
  private readonly boards: Boards;
  private readonly catchUps: CatchUps;

  private readonly changed = new Shared<ExperimentEvent>(({ kind, cursor, id, document }) => ({
    kind,
    cursor,
    experimentId: id as ObjectId,
    experiment: document && this.stores.reader.experiment(document),
    matches: kind !== ChangeKind.DELETED,
  }));

  private readonly left = new Shared<ExperimentEvent>((event) => ({ ...this.changed.of(event)!, matches: false }));

  private readonly logged = new Shared<EpochEvent>(({ kind, cursor, document }) =>
    toEpochEvent(kind, cursor, this.stores.reader.epoch(document!)),
  );

  private readonly saved = new Shared<CheckpointEvent>(({ kind, cursor, document }) => {
    const checkpoint = this.stores.reader.checkpoint(document!);
    return checkpoint && { kind, cursor, experimentId: checkpoint.experiment_id, checkpoint };
  });

  private readonly subject = new Shared<SubjectEvent>(({ kind, cursor, id, document }) => {
    const subject = document && this.stores.reader.subject(document);
    return subject === undefined ? undefined : { kind, cursor, id: id as ObjectId, subject };
  });

  constructor(
    private readonly stores: Stores,
    private readonly broker: Broker,
    private readonly feed: ChangeFeed,
    heart: Heart,
    log: Log,
  ) {
    this.boards = new Boards(stores.reports, broker, log);
    this.catchUps = new CatchUps(stores.database, broker, heart);
  }

  /**
   * Experiments created, changed and removed: all of them, or the one with `id`. With a filter, those that are under it,
   * and each that stops being so, with `matches` false.
   */
  experimentChanged(
    id: ObjectId | null,
    filter: ExperimentFilter | null,
    after: string | null,
  ): AsyncIterableIterator<ExperimentEvent> {
    const accepts: Accepts = (event) =>
      event.collection === 'experiments' &&
      (event.document !== null || event.kind === ChangeKind.DELETED) &&
      isId(event.id, id);
    if (!filter) return this.follow(accepts, after, this.changed.of);
    const { experiments, database, liveness } = this.stores;
    const membership = new Membership(
      () => experimentFilter(filter, liveness.at()),
      experiments,
      () => database.clusterTime(),
    );
    const map = (event: LiveEvent): ExperimentEvent | undefined => {
      const matches = membership.judge(event);
      return matches === undefined ? undefined : (matches ? this.changed : this.left).of(event);
    };
    return this.follow(accepts, after, map, after === null ? () => membership.load() : undefined);
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
    return this.follow(accepts, after, this.saved.of);
  }

  /** Subjects created, changed and removed: all of them, or the one with `subjectId`. */
  subjectChanged(subjectId: string | null, after: string | null): AsyncIterableIterator<SubjectEvent> {
    const accepts: Accepts = ({ collection, kind, document }) =>
      collection === 'subjects' && (document === null ? kind === ChangeKind.DELETED : isOf(document, subjectId));
    if (subjectId === null) return this.follow(accepts, after, this.subject.of);
    // A deletion says the document's id alone.
    let known: string | undefined;
    const prepare = async (): Promise<void> => {
      const [stored] = await this.stores.subjects.bySubjectIds([subjectId]);
      known = stored && String(stored._id);
    };
    return this.follow(
      accepts,
      after,
      (event) => {
        const isDeleted = event.document === null;
        const isOther = known === undefined ? after === null : String(event.id) !== known;
        if (isDeleted && isOther) return undefined;
        known = isDeleted ? undefined : String(event.id);
        return this.subject.of(event);
      },
      prepare,
    );
  }

  /** The best COMPLETED experiments of a challenge: the whole board at once, and each time that it changes. */
  leaderboard(challenge: number, first: number, yardstick: Yardstick): AsyncIterableIterator<Experiment[]> {
    return this.boards.follow({ challenge, first, yardstick });
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
    const snapshot = after === null ? null : snapshotOf(after);
    if (afterEpoch === null && snapshot === null) return this.follow(accepts, after, this.logged.of);

    // Subscribe first, read second: what is written in between comes from the feed.
    const place = snapshot?.place ?? this.feed.cursor ?? null;
    const from = snapshot?.epoch ?? afterEpoch!;
    const { source, signal, stop } = this.open(accepts, snapshot?.place ?? null);
    const { epochs, database } = this.stores;
    let seen: Map<string, number> | undefined = new Map();
    let began: Timestamp | undefined;
    let readUntil: Timestamp | undefined;
    const map = (event: LiveEvent): EpochEvent | undefined => {
      // What is committed after the stored epochs were read can't be among them.
      if (readUntil && event.clusterTime?.greaterThan(readUntil)) seen = undefined;
      const live = this.logged.of(event);
      if (!seen || !live) return live;
      // The feed may still bring what was there before the subscription: of that, nothing up to `afterEpoch` was asked for.
      if (began && live.epoch.epoch <= from && event.clusterTime?.lessThanOrEqual(began)) return undefined;
      const key = String(live.epoch._id);
      if ((seen.get(key) ?? -1) >= live.epoch.version) return undefined;
      if (seen.has(key)) seen.set(key, live.epoch.version);
      return live;
    };
    const events = source();
    async function* start(): AsyncGenerator<EpochEvent, EventQueue | undefined> {
      try {
        if (!snapshot) began = await database.clusterTime();
        for await (const epoch of epochs.storedAfter(experimentId, from)) {
          if (signal.aborted) return undefined;
          seen?.set(String(epoch._id), epoch.version);
          yield toEpochEvent(ChangeKind.CREATED, snapshotCursor(place, epoch.epoch), epoch)!;
        }
        readUntil = await database.clusterTime();
        return yield* mapped(events, map);
      } catch (error) {
        stop();
        throw error;
      }
    }
    return new LiveIterator(start(), map, stop);
  }

  /** NOT_FOUND where the experiment does not exist: a subscription to it would be silent for ever. */
  async assertExists(experimentId: ObjectId): Promise<void> {
    const [found] = await this.stores.experiments.byIds([experimentId]);
    if (!found) throw notFound('Experiment', experimentId.toHexString());
  }

  /** A subscription to what `map` makes of the accepted events. `prepare` runs before the first is mapped. */
  private follow<T>(
    accepts: Accepts,
    after: string | null,
    map: (event: LiveEvent) => T | undefined,
    prepare?: () => Promise<void>,
  ): LiveIterator<T> {
    const { source, stop } = this.open(accepts, after);
    const events = source();
    async function* start(): AsyncGenerator<T, EventQueue | undefined> {
      try {
        await prepare?.();
        return yield* mapped(events, map);
      } catch (error) {
        stop();
        throw error;
      }
    }
    return new LiveIterator(start(), map, stop);
  }

  /** The accepted events from now, or from behind `after`, until they are stopped. Subscribes before it returns. */
  private open(accepts: Accepts, after: string | null): Opened {
    const stopping = new AbortController();
    const { signal } = stopping;
    const queue = after === null ? this.broker.open(accepts) : this.broker.openAfter(after, accepts);
    if (!queue) decodeToken(after!);
    return {
      signal,
      source: () => (queue ? liveFrom(queue) : this.catchUps.from(accepts, after!, signal)),
      stop: () => {
        stopping.abort();
        queue?.end();
      },
    };
  }
}

/** Nothing but the queue: for a subscription that is live from its start. */
// eslint-disable-next-line require-yield -- what it ends with is all that it has to say
async function* liveFrom(queue: EventQueue): Source {
  return queue;
}

/** What `map` makes of the events, and the queue that follows them. */
async function* mapped<T>(
  events: Source,
  map: (event: LiveEvent) => T | undefined,
): AsyncGenerator<T, EventQueue | undefined> {
  for (;;) {
    const event = await events.next();
    if (event.done) return event.value;
    const value = map(event.value);
    if (value !== undefined) yield value;
  }
}

function toEpochEvent(kind: ChangeKind, cursor: string, epoch: Epoch | undefined): EpochEvent | undefined {
  return epoch && { kind, cursor, experimentId: epoch.experiment_id, epoch };
}

function isId(value: unknown, id: ObjectId | null): boolean {
  return id === null || id.equals(value as ObjectId);
}

function isOf(document: Document, subjectId: string | null): boolean {
  return subjectId === null || document.subject_id === subjectId;
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
