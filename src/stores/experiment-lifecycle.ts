import { Double, type ClientSession, type Document, type Filter, type ObjectId, type WithId } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { Experiment } from '../../types/Experiment';
import type { UpdateExperimentStatusInput } from '../../types/inputs/UpdateExperimentStatusInput';
import { ApiError, badInput, conflict, notFound } from '../errors';
import { wholeAnswer } from './collections';
import { sameContent, valueAt } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { epochsInParts } from './epoch-parts';
import { assignments, type Change, type ExperimentWriter } from './experiment-writer';
import { metricsOfTrainer, progressUpdate, recomputeProgress, staleProgress, storedProgress } from './progress';
import { readLimit, withinTime } from './time-limits';
import { inTransaction, type KeyedQueue } from './transactions';
import { toMetrics, toObjectId, toText } from './values';

/** Children that one command deletes: it keeps the database from others meanwhile. */
const DELETE_BATCH = 100;
const STALLED_BATCH = 1000;
const MS_PER_HOUR = 3_600_000;
const SECONDS_PER_HOUR = 3600;

export interface DeletedChildren {
  deletedEpochs: number;
  deletedCheckpoints: number;
}

/** What was deleted in batches, and then by the transaction that ends a deletion (its last attempt alone). */
interface Deletions {
  before: DeletedChildren;
  inTransaction: DeletedChildren;
}

function sumOf({ before, inTransaction: late }: Deletions): DeletedChildren {
  return {
    deletedEpochs: before.deletedEpochs + late.deletedEpochs,
    deletedCheckpoints: before.deletedCheckpoints + late.deletedCheckpoints,
  };
}

/** How experiments end, go back and go away. */
export class ExperimentLifecycle {
  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly writer: ExperimentWriter,
    private readonly queue: KeyedQueue,
  ) {}

  /**
   * Moves an experiment to a status, and fills in what its epochs say when it ends, where its trainer has said nothing
   * else: what a trainer says of the run as a whole stays until an epoch is stored or removed.
   */
  async updateStatus(input: UpdateExperimentStatusInput): Promise<Experiment> {
    const id = toObjectId(input.experimentId, 'input.experimentId');
    const { status } = input;
    const running = status === ExperimentStatus.RUNNING;
    if (running && input.endTime != null) throw badInput('input.endTime', 'an experiment that is RUNNING has no end');
    const metrics = toMetrics(input.metrics ?? new Map<string, number>(), 'input.metrics');
    const note = input.note && toText(input.note, 'input.note');
    return this.writer.change(id, async (stored, session) => {
      const from = this.reader.experiment(stored).status;
      if (from !== status && from !== ExperimentStatus.RUNNING && !running) {
        throw conflict(
          `Experiment ${id.toHexString()} is ${from.toUpperCase()}; from there it can only go back to RUNNING.`,
        );
      }
      const now = new Date();
      const end = running
        ? null
        : (input.endTime ?? (from === status ? (stored.end_time as Date | undefined) : null) ?? now);
      const final = running ? { $set: {}, $unset: {} } : await this.finalMetrics(stored, end!, session);
      const change = assignments({ status, end_time: end, note });
      return {
        $set: {
          ...change.$set,
          ...final.$set,
          ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metrics.${name}`, value])),
          ...(from === status && Object.keys(metrics).length === 0 ? {} : { last_seen_at: now }),
        },
        $unset: Object.fromEntries(
          Object.entries({ ...change.$unset, ...final.$unset }).filter(
            ([path]) => !(path.slice('metrics.'.length) in metrics),
          ),
        ),
      };
    });
  }

  /** Notes a running trainer's sign of life; NOT_FOUND where the experiment does not exist. */
  async heartbeat(id: ObjectId): Promise<Experiment> {
    const now = new Date();
    const raw = await withinTime(
      this.collection.findOneAndUpdate(
        { _id: id },
        { $set: { last_seen_at: now, last_heartbeat_at: now } },
        { returnDocument: 'after' },
      ),
    );
    if (!raw) throw notFound('Experiment', id.toHexString());
    return this.reader.experiment(raw);
  }

  /**
   * Marks FAILED the running experiments whose last sign of life (the start, where there is none) is older than this; they
   * ended then, as far as anyone knows. At most 1000 a call, the longest silent first.
   */
  async failStalled(silentForMs: number): Promise<Experiment[]> {
    const since = new Date(Date.now() - silentForMs);
    const silent = (raw: Document): Date | undefined => {
      const { last_seen_at: seen, start_time: start } = raw as Record<string, unknown>;
      const last = seen instanceof Date ? seen : start instanceof Date ? start : undefined;
      return last && last < since ? last : undefined;
    };
    const filter: Filter<Document> = {
      status: ExperimentStatus.RUNNING,
      $or: [
        { last_seen_at: { $lt: since } },
        { last_seen_at: { $not: { $type: 'date' } }, start_time: { $lt: since } },
      ],
    };
    const options = {
      ...wholeAnswer(),
      projection: { _id: 1 },
      sort: { last_seen_at: 1 } as const,
      limit: STALLED_BATCH,
    };
    const failed: Experiment[] = [];
    for (const { _id } of await this.collection.find(filter, options).toArray()) {
      const experiment = await this.writer
        .change(_id, async (stored, session) => {
          const end = stored.status === ExperimentStatus.RUNNING ? silent(stored) : undefined;
          if (!end) return { $set: {}, $unset: {} };
          const { $set, $unset } = await this.finalMetrics(stored, end, session);
          return { $set: { ...$set, status: ExperimentStatus.FAILED, end_time: end }, $unset };
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
          throw error;
        });
      if (experiment?.status === ExperimentStatus.FAILED) failed.push(experiment);
    }
    return failed;
  }

  /**
   * Removes the epochs after `toEpoch` and the checkpoints saved after them, and brings the experiment's metrics back to
   * what the others say. Interrupted, it can be repeated. NOT_FOUND where the experiment does not exist.
   */
  async rewind(id: ObjectId, toEpoch: number): Promise<DeletedChildren & { experiment: Experiment }> {
    const later = { experiment_id: id, epoch: { $gt: toEpoch } };
    const found = await this.collection.findOne({ _id: id }, { ...readLimit(), projection: { _id: 1 } });
    if (!found) throw notFound('Experiment', id.toHexString());
    const deleted = await this.drainChildren(id, later);
    const experiment = await this.writer.change(id, async (stored, session) => {
      const late = await this.deleteChildren(later, session);
      deleted.inTransaction = late;
      const progress = await recomputeProgress(this.database.collections.epochs, id, session);
      const { $set, $unset } = progressUpdate(storedProgress(stored), progress);
      return { $set: { ...$set, last_seen_at: new Date() }, $unset };
    });
    return { experiment, ...sumOf(deleted) };
  }

  /**
   * Removes an experiment with its epochs and checkpoints: the children first, in batches, and what came in meanwhile
   * together with the experiment. Interrupted, it can be repeated; an id of nothing removes nothing.
   */
  async delete(id: ObjectId): Promise<DeletedChildren> {
    const children = { experiment_id: id };
    const deleted = await this.drainChildren(id, children);
    await this.queue.run(id.toHexString(), () =>
      inTransaction(this.database.client, async (session) => {
        await this.collection.deleteOne({ _id: id }, { session });
        deleted.inTransaction = await this.deleteChildren(children, session);
      }),
    );
    return sumOf(deleted);
  }

  /**
   * Deletes matching children of an experiment, the last epochs first, so far that one transaction can take the rest.
   * Each batch marks the experiment's progress in its own transaction, so that after a crash the next epoch puts it right.
   */
  private async drainChildren(id: ObjectId, filter: Filter<Document>): Promise<Deletions> {
    const { epochs, checkpoints, experiments } = this.database.collections;
    const drain = async (collection: typeof epochs): Promise<number> => {
      for (let deleted = 0; ;) {
        const options = { ...wholeAnswer(), projection: { _id: 1 }, limit: DELETE_BATCH + 1 };
        const rows = await collection.find(filter, options).sort({ epoch: -1 }).toArray();
        if (rows.length <= DELETE_BATCH) return deleted;
        const batch = { _id: { $in: rows.slice(0, DELETE_BATCH).map((row) => row._id) } };
        deleted += await this.queue.run(id.toHexString(), () =>
          inTransaction(this.database.client, async (session) => {
            const experiment = await experiments.findOne({ _id: id }, { session, projection: { progress: 1 } });
            const progress = experiment && staleProgress(experiment);
            if (progress) await experiments.updateOne({ _id: id }, { $set: { progress } }, { session });
            return (await collection.deleteMany(batch, { session })).deletedCount;
          }),
        );
      }
    };
    return {
      before: { deletedEpochs: await drain(epochs), deletedCheckpoints: await drain(checkpoints) },
      inTransaction: { deletedEpochs: 0, deletedCheckpoints: 0 },
    };
  }

  private async deleteChildren(filter: Filter<Document>, session: ClientSession): Promise<DeletedChildren> {
    const { epochs, checkpoints } = this.database.collections;
    const lateEpochs = await epochs.deleteMany(filter, { session });
    const lateCheckpoints = await checkpoints.deleteMany(filter, { session });
    return { deletedEpochs: lateEpochs.deletedCount, deletedCheckpoints: lateCheckpoints.deletedCount };
  }

  /** What the epochs say of an experiment that ends at `end`, read anew: another program may have written epochs. */
  private async finalMetrics(stored: WithId<Document>, end: Date, session: ClientSession): Promise<Change> {
    const { epochs } = this.database.collections;
    const progress = await recomputeProgress(epochs, stored._id, session);
    const before = storedProgress(stored);
    const change = progressUpdate(before, progress);
    for (const name of metricsOfTrainer(stored, before)) {
      delete change.$set[`metrics.${name}`];
      delete change.$unset[`metrics.${name}`];
    }
    const hoursNow = valueAt(stored, 'metrics.training_time_hours');
    if (hoursNow === undefined || sameContent(hoursNow, stored.filled_training_time_hours)) {
      const seconds = await this.trainedSeconds(stored._id, session);
      const start = stored.start_time instanceof Date ? stored.start_time : undefined;
      const hours =
        seconds === undefined ? start && (end.getTime() - start.getTime()) / MS_PER_HOUR : seconds / SECONDS_PER_HOUR;
      if (hours !== undefined && hours >= 0) {
        change.$set['metrics.training_time_hours'] = new Double(hours);
        change.$set.filled_training_time_hours = new Double(hours);
      }
    }
    return change;
  }

  /** The sum of the durations that the epochs of an experiment say, in seconds; undefined where none says any. */
  private async trainedSeconds(id: ObjectId, session: ClientSession): Promise<number | undefined> {
    let sum: number | undefined;
    const { epochs } = this.database.collections;
    for await (const part of epochsInParts(epochs, id, { 'timing.duration_seconds': 1 }, session)) {
      for (const epoch of part) {
        const seconds = valueAt(epoch, 'timing.duration_seconds');
        if (typeof seconds === 'number' && seconds >= 0) sum = (sum ?? 0) + seconds;
      }
    }
    return sum;
  }

  private get collection() {
    return this.database.collections.experiments;
  }
}
