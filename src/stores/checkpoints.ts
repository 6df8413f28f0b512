import { ObjectId, type ClientSession, type Document, type Filter, type FindCursor } from 'mongodb';
import type { Checkpoint } from '../../types/Checkpoint';
import { WriteOutcome } from '../../types/enums/WriteOutcome';
import type { SaveCheckpointInput } from '../../types/inputs/SaveCheckpointInput';
import { conflict, notFound } from '../errors';
import { CHECKPOINTS, wholeAnswer } from './collections';
import { asRead, sameContent } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { orderBy } from './orders';
import { reading, type Projection } from './projections';
import type { RawReader } from './raw/raw-reader';
import { readAll } from './raw/rows';
import { findPagesOfParents, type Page, type PageLimits, type PageRequest } from './pages';
import { withinTime } from './time-limits';
import { inTransaction, type KeyedQueue } from './transactions';
import { assertFits, toIntegerFrom, toMetrics, toObjectId, toQuantity, toText } from './values';

export const CHECKPOINT_LIMITS: PageLimits = { default: 100, max: 1000 };

/** Latest first, as the index on (experiment_id, epoch desc) has them. */
export const CHECKPOINT_ORDER = orderBy([{ path: 'epoch', kind: 'number', direction: -1 }], { typedOnly: true });

export interface SavedCheckpoint {
  checkpoint: Checkpoint;
  outcome: WriteOutcome;
}

/** A checked checkpoint, ready to be stored. */
export interface CheckpointDraft {
  id: ObjectId | null;
  experimentId: ObjectId;
  epoch: number;
  path: string;
  content: Document;
  timestamp: Date | null;
}

function optionalText(value: string | null | undefined, path: string): string | undefined {
  return value == null ? undefined : toText(value, path, { max: 4096 });
}

function optionalInteger(value: number | null | undefined, path: string): number | undefined {
  return value == null ? undefined : toIntegerFrom(0, value, path);
}

/** Only the fields that have a value. */
function present(fields: Document): Document {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
}

/** The checkpoint that an input stands for, checked; throws BAD_USER_INPUT or LIMIT_EXCEEDED. */
export function toCheckpointDraft(input: SaveCheckpointInput): CheckpointDraft {
  const { file, modelState, validation } = input;
  const path = toText(file.path, 'input.file.path', { min: 1, max: 4096 });
  const content = present({
    is_best: input.isBest ?? false,
    metrics: toMetrics(input.metrics ?? new Map<string, number>(), 'input.metrics'),
    file: present({
      path,
      size_mb: toQuantity(file.sizeMb, 'input.file.sizeMb'),
      checksum: optionalText(file.checksum, 'input.file.checksum'),
      format: optionalText(file.format, 'input.file.format'),
    }),
    model_state:
      modelState &&
      present({
        optimizer: optionalText(modelState.optimizer, 'input.modelState.optimizer'),
        scheduler: optionalText(modelState.scheduler, 'input.modelState.scheduler'),
        epoch: optionalInteger(modelState.epoch, 'input.modelState.epoch'),
        step: optionalInteger(modelState.step, 'input.modelState.step'),
      }),
    validation:
      validation &&
      present({
        n_samples: optionalInteger(validation.nSamples, 'input.validation.nSamples'),
        inference_time_ms: toQuantity(validation.inferenceTimeMs, 'input.validation.inferenceTimeMs'),
        predictions_file: optionalText(validation.predictionsFile, 'input.validation.predictionsFile'),
      }),
  });
  assertFits(content, 'input');
  return {
    id: input.id == null ? null : toObjectId(input.id, 'input.id'),
    experimentId: toObjectId(input.experimentId, 'input.experimentId'),
    epoch: toIntegerFrom(0, input.epoch, 'input.epoch'),
    path,
    content,
    timestamp: input.timestamp ?? null,
  };
}

/** The checkpoints of all experiments. */
export class CheckpointStore {
  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly raw: RawReader,
    private readonly queue: KeyedQueue,
  ) {}

  /** Checkpoints by id, in any order; ids of nothing are left out. */
  async byIds(ids: readonly ObjectId[], fields: Projection = null): Promise<Checkpoint[]> {
    return readAll(this.find({ _id: { $in: [...ids] } }, fields), this.raw.checkpoint);
  }

  /** The checkpoints of these epochs of these experiments, every combination of the two lists, in order of their ids. */
  async ofEpochs(
    experimentIds: readonly unknown[],
    epochs: readonly number[],
    fields: Projection = null,
  ): Promise<Checkpoint[]> {
    const filter = { experiment_id: { $in: [...experimentIds] }, epoch: { $in: [...epochs] } } as Filter<Document>;
    return readAll(this.find(filter, fields).sort({ _id: 1 }), this.raw.checkpoint);
  }

  /** The best checkpoint of each experiment that has one. */
  async bestOf(experimentIds: readonly unknown[], fields: Projection = null): Promise<Checkpoint[]> {
    const filter = { experiment_id: { $in: [...experimentIds] }, is_best: true } as Filter<Document>;
    return readAll(this.find(filter, fields), this.raw.checkpoint);
  }

  /** A page of the checkpoints of each experiment, latest epoch first. */
  pagesOf(experimentIds: readonly unknown[], request: PageRequest): Promise<Map<string, Page<Checkpoint>>> {
    return findPagesOfParents(
      { collection: this.database.collections.experiments, ids: experimentIds },
      { collection: CHECKPOINTS, parentField: 'experiment_id' },
      CHECKPOINT_ORDER,
      request,
      this.raw.checkpoint,
    );
  }

  /** How many checkpoints each experiment has; experiments without any are left out. */
  async countsOf(experimentIds: readonly unknown[]): Promise<Map<string, number>> {
    const groups = await this.collection
      .aggregate(
        [
          { $match: { experiment_id: { $in: [...experimentIds] } } },
          { $group: { _id: '$experiment_id', count: { $sum: 1 } } },
        ],
        wholeAnswer(),
      )
      .toArray();
    return new Map(groups.map((group) => [String(group._id), group.count as number]));
  }

  /**
   * Stores a checkpoint under its (experiment, epoch, path), exactly once however often it is repeated. With `isBest`,
   * the experiment's former best stops being it in the same transaction. NOT_FOUND where the experiment does not exist,
   * CONFLICT where the given id holds another checkpoint.
   */
  save(input: SaveCheckpointInput): Promise<SavedCheckpoint> {
    const draft = toCheckpointDraft(input);
    return this.queue.run(draft.experimentId.toHexString(), () =>
      inTransaction(this.database.client, (session) => this.write(draft, session)),
    );
  }

  /** Removes a checkpoint; an id of nothing removes nothing. The file is not touched. */
  async delete(id: ObjectId): Promise<void> {
    await withinTime(this.collection.deleteOne({ _id: id }));
  }

  private async write(draft: CheckpointDraft, session: ClientSession): Promise<SavedCheckpoint> {
    const { id, experimentId, epoch, path, content, timestamp } = draft;
    const { experiments } = this.database.collections;
    const now = new Date();
    const experiment = await experiments.findOne({ _id: experimentId }, { session, projection: { _id: 1 } });
    if (!experiment) throw notFound('Experiment', experimentId.toHexString());

    const place: Filter<Document> = { experiment_id: experimentId, epoch, 'file.path': path };
    const found = await this.collection.find(id ? { $or: [{ _id: id }, place] } : place, { session }).toArray();
    const taken = found.find((raw) => id?.equals(raw._id));
    const stored = found.find((raw) => experimentId.equals(raw.experiment_id as ObjectId) && samePlace(raw, draft));
    if (taken && taken !== stored) {
      throw conflict(`Checkpoint ${id!.toHexString()} is stored for another experiment, epoch or path; take a new id.`);
    }

    if (stored) {
      const { _id, experiment_id, epoch: _epoch, timestamp: storedTime, ...rest } = stored;
      const equal = sameContent(rest, content) && (timestamp === null || sameContent(storedTime, timestamp));
      if (equal) return { checkpoint: this.reader.checkpoint(stored)!, outcome: WriteOutcome.UNCHANGED };
    }
    const document: Document = {
      _id: stored?._id ?? id ?? new ObjectId(),
      experiment_id: experimentId,
      epoch,
      ...content,
      timestamp: timestamp ?? now,
    };
    if (content.is_best) {
      await this.collection.updateMany(
        { experiment_id: experimentId, is_best: true, _id: { $ne: document._id as ObjectId } },
        { $set: { is_best: false } },
        { session },
      );
    }
    if (stored) await this.collection.replaceOne({ _id: document._id as ObjectId }, document, { session });
    else await this.collection.insertOne(document, { session });
    await experiments.updateOne({ _id: experimentId }, { $set: { last_seen_at: now } }, { session });
    return {
      checkpoint: this.reader.checkpoint(asRead(document) as Document)!,
      outcome: stored ? WriteOutcome.REPLACED : WriteOutcome.CREATED,
    };
  }

  private find(filter: Filter<Document>, fields: Projection): FindCursor<Document> {
    return this.collection.find(filter, { ...wholeAnswer(), ...reading(fields), raw: true });
  }

  private get collection() {
    return this.database.collections.checkpoints;
  }
}

function samePlace(raw: Document, { epoch, path }: CheckpointDraft): boolean {
  return raw.epoch === epoch && (raw.file as Document | undefined)?.path === path;
}
