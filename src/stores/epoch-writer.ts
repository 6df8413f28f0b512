import { ObjectId, type AnyBulkWriteOperation, type ClientSession, type Document } from 'mongodb';
import type { Epoch } from '../../types/Epoch';
import { EpochConflict } from '../../types/enums/EpochConflict';
import { WriteOutcome } from '../../types/enums/WriteOutcome';
import type { EpochInput } from '../../types/inputs/EpochInput';
import { ApiError, conflict, notFound } from '../errors';
import { wholeAnswer } from './collections';
import { asRead, sameContent } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { toEpochDraft, type EpochDraft } from './epoch-draft';
import { EpochGroups } from './epoch-groups';
import { onNobodysTime } from './operation-time';
import { advanceProgress, progressUpdate, recomputeProgress, storedProgress } from './progress';
import { inOperationTime, writeTime } from './time-limits';
import { inTransaction, type KeyedQueue } from './transactions';

/** Epochs of one transaction: no command, and no commit, may keep the database from others for long. */
const MAX_TOGETHER = 100;

/** Errors that are about a whole batch, never about one of its epochs: an outage must not look like a success. */
const OF_THE_CALL = new Set<string>(['NOT_FOUND', 'DATABASE_UNAVAILABLE']);

export interface LoggedEpoch {
  epoch: Epoch;
  outcome: WriteOutcome;
}

interface Waiting {
  draft: EpochDraft;
  resolve: (result: LoggedEpoch) => void;
  reject: (error: unknown) => void;
}

/**
 * Stores epochs, each with what it makes of its experiment's own metrics, in transactions: those of one experiment that
 * wait for the one before go together, and new epochs of several experiments do (EpochGroups).
 */
export class EpochWriter {
  /** Epochs that wait, by experiment, for the transaction before theirs to end; the next one takes them together. */
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly groups: EpochGroups;

  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly queue: KeyedQueue,
  ) {
    this.groups = new EpochGroups(database, MAX_TOGETHER);
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
      const results = await this.store(
        experimentId,
        batch.map(({ draft }) => draft),
      );
      results.forEach((result, index) => {
        if (result instanceof ApiError) batch[index]!.reject(result);
        else batch[index]!.resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** The drafts with those of other experiments, where all are new; else in a transaction of their own. */
  private async store(experimentId: ObjectId, drafts: readonly EpochDraft[]): Promise<(LoggedEpoch | ApiError)[]> {
    const now = new Date();
    const deadline = now.getTime() + writeTime();
    const documents = asNew(experimentId, drafts, now);
    if (documents && (await this.groups.store({ experimentId, documents, now, deadline }))) {
      return documents.map((document) => this.logged(document, WriteOutcome.CREATED));
    }
    return inTransaction(this.database.client, (session) => this.write(experimentId, drafts, session), deadline);
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
    draft: EpochDraft,
    current: Map<number, Document>,
    now: Date,
  ): LoggedEpoch | ApiError {
    const { epoch, content, timestamp, onConflict } = draft;
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
    const document = toDocument(experimentId, draft, stored, now);
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

  private get collection() {
    return this.database.collections.epochs;
  }
}

/** The documents of drafts that are one for each number, as if none were stored; undefined for others. */
function asNew(experimentId: ObjectId, drafts: readonly EpochDraft[], now: Date): Document[] | undefined {
  if (new Set(drafts.map(({ epoch }) => epoch)).size < drafts.length) return undefined;
  return drafts.map((draft) => toDocument(experimentId, draft, undefined, now));
}

/** What is stored of a draft, in the place of what is stored now. */
function toDocument(
  experimentId: ObjectId,
  { epoch, content, timestamp }: EpochDraft,
  stored: Document | undefined,
  now: Date,
): Document {
  return {
    _id: (stored?._id as ObjectId | undefined) ?? new ObjectId(),
    experiment_id: experimentId,
    epoch,
    ...content,
    timestamp: timestamp ?? now,
    version: (typeof stored?.version === 'number' ? stored.version : 0) + 1,
  };
}
