import { MongoBulkWriteError, ObjectId, type ClientSession, type Document, type WithId } from 'mongodb';
import { EpochConflict } from '../../types/enums/EpochConflict';
import type { CreateExperimentInput } from '../../types/inputs/CreateExperimentInput';
import type { EpochInput } from '../../types/inputs/EpochInput';
import type { SaveCheckpointInput } from '../../types/inputs/SaveCheckpointInput';
import { toCheckpointDraft } from './checkpoints';
import { wholeAnswer } from './collections';
import { digestOf, sameContent } from './content';
import type { Database } from './database';
import { toEpochDraft } from './epoch-draft';
import { experimentFields } from './experiments';
import {
  advanceProgress,
  derivedMetrics,
  NO_PROGRESS,
  progressUpdate,
  recomputeProgress,
  storedProgress,
  type Progress,
} from './progress';
import { inTransaction, isDuplicateKey } from './transactions';
import { withinTime } from './time-limits';

/**
 * Runs from elsewhere, written in batches. A run that is not stored yet is inserted with the metrics that its epochs
 * amount to, and then its epochs and checkpoints: three commands for any number of runs. A run that is stored is
 * compared, and what is missing is added in a transaction, with its metrics computed anew. So an import that was
 * interrupted ends, when it is repeated, as if it had not been, and one that has ended changes nothing.
 */

/** Epochs of a run that are written by one command. */
export const IMPORT_BATCH = 2000;

/** A part of a run, ready to be stored. A run of more than `IMPORT_BATCH` epochs comes in several parts, one by one. */
export interface RunPart {
  /** The whole document, the same in each part. */
  experiment: WithId<Document>;
  epochs: WithId<Document>[];
  checkpoints: WithId<Document>[];
  isFirst: boolean;
  isLast: boolean;
}

/** What became of a row; KEPT means that other content is stored under its key and stays. */
export type RowOutcome = 'created' | 'updated' | 'unchanged' | 'kept';

/** The outcomes of a part, its epochs and checkpoints in the order given. The experiment's is that of its first part. */
export interface PartOutcome {
  experiment: RowOutcome;
  epochs: RowOutcome[];
  checkpoints: RowOutcome[];
}

/** The document of an epoch under its id; throws BAD_USER_INPUT where a value can't be stored. */
export function importedEpoch(id: string, experimentId: ObjectId, input: EpochInput): WithId<Document> {
  const { epoch, content, timestamp } = toEpochDraft(input, EpochConflict.KEEP, 'epoch');
  return {
    _id: new ObjectId(id),
    experiment_id: experimentId,
    epoch,
    ...content,
    ...(timestamp ? { timestamp } : {}),
    version: 1,
  };
}

/** The document of a checkpoint under the id of its input; throws BAD_USER_INPUT where a value can't be stored. */
export function importedCheckpoint(input: SaveCheckpointInput & { id: string }): WithId<Document> {
  const { id, experimentId, epoch, content, timestamp } = toCheckpointDraft(input);
  return { _id: id!, experiment_id: experimentId, epoch, ...content, ...(timestamp ? { timestamp } : {}) };
}

/**
 * The document of an experiment under the id of its input. `metrics` of the input are of the run as a whole; those that
 * follow the epochs take their values from `progress`. Other fields may be added, which only the database knows.
 */
export function importedExperiment(
  input: CreateExperimentInput & { id: string },
  progress: Progress,
  lastSeenAt: Date | undefined,
  more: Document = {},
): WithId<Document> {
  const given = experimentFields(input);
  return {
    _id: new ObjectId(input.id),
    ...given,
    metrics: { ...(given.metrics as Document), ...derivedMetrics(progress) },
    ...(lastSeenAt ? { last_seen_at: lastSeenAt } : {}),
    ...more,
    progress,
    creation_digest: digestOf(given),
  };
}

/** The progress after one more epoch of a run whose epochs come in order, each number once. */
export function progressAfter(progress: Progress, epoch: Document): Progress {
  return advanceProgress(progress, [{ before: undefined, after: epoch }])!;
}

export { NO_PROGRESS, type Progress };

/** What is stored of the runs of a batch. */
interface Stored {
  experiments: Map<string, WithId<Document>>;
  epochs: Map<string, Map<number, Document>>;
  checkpoints: Map<string, Document[]>;
}

/** Writes imported runs. */
export class RunImports {
  /** Runs of several parts whose first part this instance has inserted, so that the later ones need no look. */
  private readonly fresh = new Set<string>();

  constructor(private readonly database: Database) {}

  /**
   * Stores parts of different runs, and says what became of each. Parts of one run must be written one after another;
   * those of different runs may be written at the same time.
   */
  async write(parts: readonly RunPart[]): Promise<PartOutcome[]> {
    const stored = await this.storedExperiments(parts.filter((part) => !this.fresh.has(idOf(part))));
    const isNew = (part: RunPart) => !stored.has(idOf(part));
    const added = parts.filter(isNew);
    const outcomes = new Map<RunPart, PartOutcome>();
    const lost = await this.insert(added);
    for (const part of added) {
      if (lost) continue;
      if (part.isFirst && !part.isLast) this.fresh.add(idOf(part));
      if (part.isLast) this.fresh.delete(idOf(part));
      outcomes.set(part, outcomeOf(part, 'created'));
    }
    const others = lost ? parts : parts.filter((part) => !isNew(part));
    const found = await this.storedChildren(others, lost ? await this.storedExperiments(others) : stored);
    for (const part of others) outcomes.set(part, await this.reconcile(part, found));
    return parts.map((part) => outcomes.get(part)!);
  }

  /** What `write` would do, without writing. */
  async look(parts: readonly RunPart[]): Promise<PartOutcome[]> {
    const found = await this.storedChildren(parts, await this.storedExperiments(parts));
    return parts.map((part) => this.compare(part, found));
  }

  /** Inserts runs that are not stored; true where another writer was quicker with any of them. */
  private async insert(parts: readonly RunPart[]): Promise<boolean> {
    const { experiments, epochs, checkpoints } = this.database.collections;
    const insertAll = async (collection: typeof experiments, documents: Document[]): Promise<void> => {
      if (documents.length > 0) await withinTime(collection.insertMany(documents, { ordered: false }));
    };
    try {
      await insertAll(
        experiments,
        parts.filter(({ isFirst }) => isFirst).map(({ experiment }) => experiment),
      );
      await insertAll(
        epochs,
        parts.flatMap((part) => part.epochs),
      );
      await insertAll(
        checkpoints,
        parts.flatMap((part) => part.checkpoints),
      );
      return false;
    } catch (error) {
      const failures = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (!isDuplicateKey(error) || failures.some(({ code }) => code !== 11_000)) throw error;
      return true;
    }
  }

  private async storedExperiments(parts: readonly RunPart[]): Promise<Stored['experiments']> {
    if (parts.length === 0) return new Map();
    const ids = parts.map(({ experiment }) => experiment._id);
    const rows = await this.database.collections.experiments.find({ _id: { $in: ids } }, wholeAnswer()).toArray();
    return new Map(rows.map((raw) => [String(raw._id), raw]));
  }

  private async storedChildren(parts: readonly RunPart[], experiments: Stored['experiments']): Promise<Stored> {
    const stored: Stored = { experiments, epochs: new Map(), checkpoints: new Map() };
    const known = parts.filter((part) => experiments.has(idOf(part)));
    if (known.length === 0) return stored;
    const { epochs, checkpoints } = this.database.collections;
    const ids = known.map(({ experiment }) => experiment._id);
    const numbers = known.flatMap((part) => part.epochs.map(({ epoch }) => epoch as number));
    const range = numbers.reduce(({ $gte, $lte }, n) => ({ $gte: Math.min($gte, n), $lte: Math.max($lte, n) }), {
      $gte: Infinity,
      $lte: -Infinity,
    });
    if (numbers.length > 0) {
      for await (const raw of epochs.find({ experiment_id: { $in: ids }, epoch: range })) {
        const ofRun = getOrAdd(stored.epochs, String(raw.experiment_id), () => new Map<number, Document>());
        ofRun.set(raw.epoch as number, raw);
      }
    }
    if (known.some((part) => part.checkpoints.length > 0)) {
      for await (const raw of checkpoints.find({ experiment_id: { $in: ids } })) {
        getOrAdd(stored.checkpoints, String(raw.experiment_id), () => []).push(raw);
      }
    }
    return stored;
  }

  private compare(part: RunPart, { experiments, epochs, checkpoints }: Stored): PartOutcome {
    const id = idOf(part);
    const experiment = experiments.get(id);
    if (!experiment) return outcomeOf(part, 'created');
    const ofRun = epochs.get(id);
    const saved = checkpoints.get(id) ?? [];
    return {
      experiment: experiment.creation_digest === part.experiment.creation_digest ? 'unchanged' : 'updated',
      epochs: part.epochs.map((epoch) => {
        const raw = ofRun?.get(epoch.epoch as number);
        return !raw ? 'created' : sameEpoch(raw, epoch) ? 'unchanged' : 'kept';
      }),
      checkpoints: part.checkpoints.map((checkpoint) => {
        const raw = saved.find((other) => isSameCheckpoint(other, checkpoint));
        return !raw ? 'created' : sameContent(withoutBest(raw), withoutBest(checkpoint)) ? 'unchanged' : 'kept';
      }),
    };
  }

  /** Adds to a stored run what it lacks; writes nothing where it lacks nothing. */
  private async reconcile(part: RunPart, found: Stored): Promise<PartOutcome> {
    const first = this.compare(part, found);
    const isComplete =
      first.experiment === 'unchanged' && [...first.epochs, ...first.checkpoints].every((row) => row !== 'created');
    if (isComplete) return first;
    return inTransaction(this.database.client, async (session) => {
      const { experiments } = this.database.collections;
      const { _id } = part.experiment;
      let stored = await experiments.findOne({ _id }, { session });
      if (!stored) {
        await experiments.insertOne(part.experiment, { session });
        stored = part.experiment;
      }
      const outcome = await this.addChildren(part, stored, session);
      if (outcome.experiment === 'updated')
        await experiments.updateOne({ _id }, sourceUpdate(stored, part), { session });
      await this.refreshProgress(_id, session);
      return outcome;
    });
  }

  private async addChildren(part: RunPart, stored: Document, session: ClientSession): Promise<PartOutcome> {
    const { epochs, checkpoints } = this.database.collections;
    const ofRun = { experiment_id: part.experiment._id };
    const numbers = part.epochs.map(({ epoch }) => epoch as number);
    const options = { ...wholeAnswer(), session };
    const storedEpochs =
      numbers.length === 0 ? [] : await epochs.find({ ...ofRun, epoch: { $in: numbers } }, options).toArray();
    const saved = part.checkpoints.length === 0 ? [] : await checkpoints.find(ofRun, options).toArray();
    const id = idOf(part);
    const outcome = this.compare(part, {
      experiments: new Map([[id, stored as WithId<Document>]]),
      epochs: new Map([[id, new Map(storedEpochs.map((raw) => [raw.epoch as number, raw]))]]),
      checkpoints: new Map([[id, saved]]),
    });
    const newEpochs = part.epochs.filter((_, index) => outcome.epochs[index] === 'created');
    if (newEpochs.length > 0) await epochs.insertMany(newEpochs, { session });

    // A best checkpoint that somebody else chose since stays the best; one of the source's own makes room.
    const own = new Set(part.checkpoints.map(({ _id }) => String(_id)));
    const best = saved.find((raw) => raw.is_best === true);
    const keepsBest = best !== undefined && !own.has(String(best._id));
    const wanted = part.checkpoints.find((checkpoint) => checkpoint.is_best === true);
    const moves = wanted !== undefined && !keepsBest && String(best?._id) !== String(wanted._id);
    if (moves && best) await checkpoints.updateOne({ _id: best._id }, { $set: { is_best: false } }, { session });
    if (moves && saved.some((raw) => isSameCheckpoint(raw, wanted))) {
      const place = { ...ofRun, epoch: wanted.epoch as number, 'file.path': pathOf(wanted) };
      await checkpoints.updateOne(place, { $set: { is_best: true } }, { session });
    }
    const newCheckpoints = part.checkpoints.filter((_, index) => outcome.checkpoints[index] === 'created');
    if (newCheckpoints.length > 0) {
      const documents = keepsBest ? newCheckpoints.map((raw) => ({ ...raw, is_best: false })) : newCheckpoints;
      await checkpoints.insertMany(documents, { session });
    }
    return outcome;
  }

  private async refreshProgress(id: ObjectId, session: ClientSession): Promise<void> {
    const { experiments, epochs } = this.database.collections;
    const stored = (await experiments.findOne({ _id: id }, { session }))!;
    const old = storedProgress(stored);
    const progress = await recomputeProgress(epochs, id, session);
    if (old && sameContent(old, progress)) return;
    const { $set, $unset } = progressUpdate(old, progress);
    await experiments.updateOne(
      { _id: id },
      { $set, ...(Object.keys($unset).length > 0 ? { $unset } : {}) },
      { session },
    );
  }
}

/** Fields that belong to the server, or that follow from the epochs. */
const OWN = new Set(['_id', 'progress', 'metrics']);

/** Brings a stored run to what its source says now; what the source does not tell stays. */
function sourceUpdate(stored: Document, { experiment }: RunPart): Document {
  const set: Document = {};
  for (const [name, value] of Object.entries(experiment) as [string, unknown][]) {
    if (!OWN.has(name) && !sameContent(stored[name], value)) set[name] = value;
  }
  for (const [name, value] of Object.entries(experiment.metrics as Document) as [string, unknown][]) {
    if (!sameContent((stored.metrics as Document | undefined)?.[name], value)) set[`metrics.${name}`] = value;
  }
  return { $set: set };
}

function idOf({ experiment }: RunPart): string {
  return String(experiment._id);
}

function outcomeOf(part: RunPart, outcome: RowOutcome): PartOutcome {
  return {
    experiment: outcome,
    epochs: part.epochs.map(() => outcome),
    checkpoints: part.checkpoints.map(() => outcome),
  };
}

function sameEpoch(stored: Document, epoch: Document): boolean {
  return ['metrics', 'timing', 'memory', 'timestamp'].every((name) => sameContent(stored[name], epoch[name]));
}

function pathOf(checkpoint: Document): string {
  return (checkpoint.file as { path: string } | undefined)?.path ?? '';
}

function isSameCheckpoint(a: Document, b: Document): boolean {
  return String(a._id) === String(b._id) || (a.epoch === b.epoch && pathOf(a) === pathOf(b));
}

function withoutBest(checkpoint: Document): Document {
  const { _id, is_best: _best, ...rest } = checkpoint;
  return rest;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
