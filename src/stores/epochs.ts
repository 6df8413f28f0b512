import { ObjectId, type AnyBulkWriteOperation, type ClientSession, type Document, type Filter } from 'mongodb';
import type { Epoch } from '../../types/Epoch';
import { EpochConflict } from '../../types/enums/EpochConflict';
import { WriteOutcome } from '../../types/enums/WriteOutcome';
import type { EpochInput } from '../../types/inputs/EpochInput';
import { ApiError, conflict, notFound } from '../errors';
import { EPOCHS, wholeAnswer } from './collections';
import { asRead, sameContent } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { onNobodysTime } from './operation-time';
import { orderBy } from './orders';
import { reading, type Projection } from './projections';
import type { RawReader } from './raw/raw-reader';
import { readAll } from './raw/rows';
import { findPagesOfParents, type Page, type PageLimits, type PageRequest } from './pages';
import { advanceProgress, progressUpdate, recomputeProgress, storedProgress } from './progress';
import { inOperationTime } from './time-limits';
import { inTransaction, type KeyedQueue } from './transactions';
import { assertFits, toIntegerFrom, toMetrics, toQuantity } from './values';

export const EPOCH_LIMITS: PageLimits = { default: 100, max: 1000 };

export const EPOCH_ORDER = orderBy([{ path: 'epoch', kind: 'number', direction: 1 }], {
  typedOnly: true,
  unique: true,
});

export const MAX_BATCH = 1000;

/** Epochs of one transaction: no command, and no commit, may keep the database from others for long. */
const MAX_TOGETHER = 100;

/** Stored epochs that a subscription reads at a time: its reader may be slow, and no cursor waits for it meanwhile. */
const STORED_BATCH = 500;

/** Errors that are about a whole batch, never about one of its epochs: an outage must not look like a success. */
const OF_THE_CALL = new Set<string>(['NOT_FOUND', 'DATABASE_UNAVAILABLE']);

/** Epochs by number, bounds included. */
export interface EpochRange {
  from: number | null;
  to: number | null;
}

/** A checked epoch, ready to be stored. */
export interface EpochDraft {
  epoch: number;
  content: { metrics: Document; timing?: Document; memory?: Document };
  timestamp: Date | null;
  onConflict: EpochConflict;
}

export interface LoggedEpoch {
  epoch: Epoch;
  outcome: WriteOutcome;
}

interface Waiting {
  draft: EpochDraft;
  resolve: (result: LoggedEpoch) => void;
  reject: (error: unknown) => void;
}

function rangeFilter({ from, to }: EpochRange): Filter<Document> {
  if (from === null && to === null) return {};
  return { epoch: { ...(from === null ? {} : { $gte: from }), ...(to === null ? {} : { $lte: to }) } };
}

/** Only the fields that have a value; undefined where none has. */
function present(fields: Document): Document | undefined {
  let found: Document | undefined;
  for (const name in fields) {
    const value: unknown = fields[name];
    if (value != null) (found ??= {})[name] = value;
  }
  return found;
}

/** The epoch that an input stands for, checked; throws BAD_USER_INPUT or LIMIT_EXCEEDED. */
export function toEpochDraft(input: EpochInput, onConflict: EpochConflict, path: string): EpochDraft {
  const timing =
    input.timing &&
    present({
      duration_seconds: toQuantity(input.timing.durationSeconds, `${path}.timing.durationSeconds`),
      samples_per_second: toQuantity(input.timing.samplesPerSecond, `${path}.timing.samplesPerSecond`),
      epoch_start: input.timing.epochStart,
      epoch_end: input.timing.epochEnd,
    });
  const memory =
    input.memory &&
    present({
      gpu_allocated_mb: toQuantity(input.memory.gpuAllocatedMb, `${path}.memory.gpuAllocatedMb`),
      gpu_cached_mb: toQuantity(input.memory.gpuCachedMb, `${path}.memory.gpuCachedMb`),
      cpu_rss_mb: toQuantity(input.memory.cpuRssMb, `${path}.memory.cpuRssMb`),
    });
  const content = {
    metrics: toMetrics(input.metrics, `${path}.metrics`),
    ...(timing ? { timing } : {}),
    ...(memory ? { memory } : {}),
  };
  assertFits(content, path);
  return {
    epoch: toIntegerFrom(0, input.epoch, `${path}.epoch`),
    content,
    timestamp: input.timestamp ?? null,
    onConflict,
  };
}

/** The epochs of all experiments. */
export class EpochStore {
  /** Epochs that wait, by experiment, for the transaction before theirs to end; the next one takes them together. */
  private readonly waiting = new Map<string, Waiting[]>();

  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly raw: RawReader,
    private readonly queue: KeyedQueue,
  ) {}

  /** Epochs by id, in any order; ids of nothing are left out. */
  async byIds(ids: readonly ObjectId[], fields: Projection = null): Promise<Epoch[]> {
    return this.find({ _id: { $in: [...ids] } }, fields);
  }

  /** The epochs with these numbers of these experiments, every combination of the two lists. */
  async byNumbers(
    experimentIds: readonly unknown[],
    numbers: readonly number[],
    fields: Projection = null,
  ): Promise<Epoch[]> {
    const filter = { experiment_id: { $in: [...experimentIds] }, epoch: { $in: [...numbers] } } as Filter<Document>;
    return this.find(filter, fields);
  }

  /** A page of the epochs of each experiment, in order of their numbers. */
  pagesOf(
    experimentIds: readonly unknown[],
    range: EpochRange,
    request: PageRequest,
  ): Promise<Map<string, Page<Epoch>>> {
    return findPagesOfParents(
      { collection: this.database.collections.experiments, ids: experimentIds },
      { collection: EPOCHS, parentField: 'experiment_id', base: rangeFilter(range) },
      EPOCH_ORDER,
      request,
      this.raw.epoch,
    );
  }

  /** How many epochs each experiment has in the range; experiments without any are left out. */
  async countsOf(experimentIds: readonly unknown[], range: EpochRange): Promise<Map<string, number>> {
    const groups = await this.collection
      .aggregate(
        [
          { $match: { experiment_id: { $in: [...experimentIds] }, ...rangeFilter(range) } },
          { $group: { _id: '$experiment_id', count: { $sum: 1 } } },
        ],
        wholeAnswer(),
      )
      .toArray();
    return new Map(groups.map((group) => [String(group._id), group.count as number]));
  }

  /**
   * Epochs of one experiment from `afterEpoch` on, in order, in batches: for a subscription that starts with what is
   * stored.
   */
  async *storedAfter(experimentId: ObjectId, afterEpoch: number): AsyncGenerator<Epoch> {
    for (let last = afterEpoch; ;) {
      const rows = await this.collection
        .find({ experiment_id: experimentId, epoch: { $gt: last } }, wholeAnswer())
        .sort({ epoch: 1 })
        .limit(STORED_BATCH)
        .toArray();
      for (const raw of rows) {
        const epoch = this.reader.epoch(raw);
        if (epoch) yield epoch;
      }
      if (rows.length < STORED_BATCH) return;
      last = rows.at(-1)!.epoch as number;
    }
  }

  /**
   * Stores one epoch, exactly once however often it is repeated. NOT_FOUND where the experiment does not exist, CONFLICT
   * where other content is stored and `onConflict` is ERROR; nothing is written then.
   */
  log(experimentId: ObjectId, input: EpochInput, onConflict: EpochConflict): Promise<LoggedEpoch> {
    return inOperationTime(this.enqueue(experimentId, toEpochDraft(input, onConflict, 'input')));
  }

  /** Stores each epoch on its own; the result of each, or the error that kept it from being stored, in the order given. */
  async logMany(
    experimentId: ObjectId,
    inputs: readonly EpochInput[],
    onConflict: EpochConflict,
  ): Promise<(LoggedEpoch | ApiError)[]> {
    const results = await inOperationTime(
      Promise.allSettled(
        inputs.map(async (input, index) =>
          this.enqueue(experimentId, toEpochDraft(input, onConflict, `input.epochs[${index}]`)),
        ),
      ),
    );
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value;
      if (result.reason instanceof ApiError && !OF_THE_CALL.has(result.reason.code)) return result.reason;
      throw result.reason;
    });
  }

  /** Waits for the transaction that runs for this experiment, then goes with all that waited together. */
  private enqueue(experimentId: ObjectId, draft: EpochDraft): Promise<LoggedEpoch> {
    const key = experimentId.toHexString();
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(key);
      if (waiting) {
        waiting.push({ draft, resolve, reject });
        return;
      }
      this.waiting.set(key, [{ draft, resolve, reject }]);
      // Epochs of several operations go together: what ends one of them must not end the others.
      void onNobodysTime(() => this.queue.run(key, () => this.drain(experimentId, key)));
    });
  }

  /** Never rejects: each waiting call is settled by itself. */
  private async drain(experimentId: ObjectId, key: string): Promise<void> {
    const waiting = this.waiting.get(key)!;
    const batch = waiting.splice(0, MAX_TOGETHER);
    if (waiting.length > 0) void this.queue.run(key, () => this.drain(experimentId, key));
    else this.waiting.delete(key);
    try {
      const results = await inTransaction(this.database.client, (session) =>
        this.write(
          experimentId,
          batch.map(({ draft }) => draft),
          session,
        ),
      );
      results.forEach((result, index) => {
        if (result instanceof ApiError) batch[index]!.reject(result);
        else batch[index]!.resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** One attempt of a transaction: the drafts as if each came after the one before it, and the experiment's metrics. */
  private async write(
    experimentId: ObjectId,
    drafts: readonly EpochDraft[],
    session: ClientSession,
  ): Promise<(LoggedEpoch | ApiError)[]> {
    const { experiments } = this.database.collections;
    const experiment = await experiments.findOne({ _id: experimentId }, { session, projection: { progress: 1 } });
    if (!experiment) throw notFound('Experiment', experimentId.toHexString());

    const now = new Date();
    const numbers = [...new Set(drafts.map(({ epoch }) => epoch))];
    const stored = await this.collection
      .find({ experiment_id: experimentId, epoch: { $in: numbers } }, { ...wholeAnswer(), session })
      .toArray();
    const before = new Map(stored.map((raw) => [raw.epoch as number, raw]));
    const current = new Map(before);
    const results = drafts.map((draft) => this.apply(experimentId, draft, current, now));

    const changed = numbers.filter((number) => current.get(number) !== before.get(number));
    if (changed.length === 0) return results;
    await this.collection.bulkWrite(
      changed.map((number) => this.upsert(experimentId, before.get(number), current.get(number)!)),
      { session, ordered: true },
    );

    const old = storedProgress(experiment);
    const changes = changed.map((number) => ({ before: before.get(number), after: current.get(number)! }));
    const progress =
      (old && advanceProgress(old, changes)) ?? (await recomputeProgress(this.collection, experimentId, session));
    const { $set, $unset } = progressUpdate(old, progress);
    await experiments.updateOne(
      { _id: experimentId },
      { $set: { ...$set, last_seen_at: now }, ...(Object.keys($unset).length > 0 ? { $unset } : {}) },
      { session },
    );
    return results;
  }

  /** What a draft makes of the epochs in `current`, which it changes; the result that its caller gets. */
  private apply(
    experimentId: ObjectId,
    { epoch, content, timestamp, onConflict }: EpochDraft,
    current: Map<number, Document>,
    now: Date,
  ): LoggedEpoch | ApiError {
    const stored = current.get(epoch);
    if (stored) {
      const { metrics, timing, memory } = stored as Record<string, unknown>;
      const equal =
        sameContent({ metrics, timing, memory }, { ...content }) &&
        (timestamp === null || sameContent(stored.timestamp, timestamp));
      if (equal || onConflict === EpochConflict.KEEP) return this.logged(stored, WriteOutcome.UNCHANGED);
      if (onConflict === EpochConflict.ERROR) {
        return conflict(
          `Epoch ${epoch} of experiment ${experimentId.toHexString()} is stored with other content. ` +
            'Use onConflict REPLACE to take its place or KEEP to leave it.',
        );
      }
    }
    const document: Document = {
      _id: (stored?._id as ObjectId | undefined) ?? new ObjectId(),
      experiment_id: experimentId,
      epoch,
      ...content,
      timestamp: timestamp ?? now,
      version: (typeof stored?.version === 'number' ? stored.version : 0) + 1,
    };
    current.set(epoch, document);
    return this.logged(document, stored ? WriteOutcome.REPLACED : WriteOutcome.CREATED);
  }

  /** The filter is exactly (experiment_id, epoch), so that the unique index decides between concurrent writers. */
  private upsert(
    experimentId: ObjectId,
    before: Document | undefined,
    after: Document,
  ): AnyBulkWriteOperation<Document> {
    const { _id, experiment_id: _experiment, epoch, ...fields } = after;
    const gone = ['timing', 'memory'].filter((name) => before?.[name] !== undefined && fields[name] === undefined);
    return {
      updateOne: {
        filter: { experiment_id: experimentId, epoch: epoch as number },
        update: {
          $set: fields,
          ...(gone.length > 0 ? { $unset: Object.fromEntries(gone.map((name) => [name, ''])) } : {}),
          $setOnInsert: { _id: _id as ObjectId },
        },
        upsert: true,
      },
    };
  }

  private logged(document: Document, outcome: WriteOutcome): LoggedEpoch {
    return { epoch: this.reader.epoch(asRead(document) as Document)!, outcome };
  }

  private find(filter: Filter<Document>, fields: Projection): Promise<Epoch[]> {
    return readAll(this.collection.find(filter, { ...wholeAnswer(), ...reading(fields), raw: true }), this.raw.epoch);
  }

  private get collection() {
    return this.database.collections.epochs;
  }
}
