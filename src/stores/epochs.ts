import type { Document, Filter, ObjectId } from 'mongodb';
import type { Epoch } from '../../types/Epoch';
import { EPOCHS, wholeAnswer } from './collections';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { orderBy } from './orders';
import { findPagesOfParents, type Page, type PageLimits, type PageRequest } from './pages';
import { reading, type Projection } from './projections';
import type { RawReader } from './raw/raw-reader';
import { readAll } from './raw/rows';

export const EPOCH_LIMITS: PageLimits = { default: 100, max: 1000 };

export const EPOCH_ORDER = orderBy([{ path: 'epoch', kind: 'number', direction: 1 }], {
  typedOnly: true,
  unique: true,
});

export const MAX_BATCH = 1000;

/** Stored epochs that a subscription reads at a time: its reader may be slow, and no cursor waits for it meanwhile. */
const STORED_BATCH = 500;

/** Epochs by number, bounds included. */
export interface EpochRange {
  from: number | null;
  to: number | null;
}

function rangeFilter({ from, to }: EpochRange): Filter<Document> {
  if (from === null && to === null) return {};
  return { epoch: { ...(from === null ? {} : { $gte: from }), ...(to === null ? {} : { $lte: to }) } };
}

/** The epochs of all experiments. */
export class EpochStore {
  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly raw: RawReader,
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

  private find(filter: Filter<Document>, fields: Projection): Promise<Epoch[]> {
    return readAll(this.collection.find(filter, { ...wholeAnswer(), ...reading(fields), raw: true }), this.raw.epoch);
  }

  private get collection() {
    return this.database.collections.epochs;
  }
}
