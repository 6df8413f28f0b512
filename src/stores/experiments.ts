import { ObjectId, type ClientSession, type Document, type Filter, type WithId } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import { WriteOutcome } from '../../types/enums/WriteOutcome';
import type { Experiment } from '../../types/Experiment';
import type { CreateExperimentInput } from '../../types/inputs/CreateExperimentInput';
import type { UpdateExperimentInput } from '../../types/inputs/UpdateExperimentInput';
import { badInput, conflict, notFound } from '../errors';
import { EXPERIMENTS, wholeAnswer } from './collections';
import { asRead, digestOf, sameContent } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { orderBy, type Order } from './orders';
import { reading, type Projection } from './projections';
import type { RawReader } from './raw/raw-reader';
import { readAll } from './raw/rows';
import {
  countFilters,
  findPage,
  findPagesOfFilters,
  findPagesOfParents,
  type Page,
  type PageLimits,
  type PageRequest,
} from './pages';
import { NO_PROGRESS } from './progress';
import { assignments, type ExperimentWriter } from './experiment-writer';
import { CONFIG, DATASET, MODEL } from './shapes';
import { readLimit, withinTime } from './time-limits';
import { isDuplicateKey } from './transactions';
import { assertFits, toLabels, toMetrics, toObjectId, toOpenObject, toText } from './values';

export const EXPERIMENT_LIMITS: PageLimits = { default: 20, max: 100 };

/** Newest first. */
export const EXPERIMENT_ORDER = orderBy([{ path: 'start_time', kind: 'date', direction: -1 }]);

const NAME = { min: 1, max: 1024 };
const LINE = { max: 4096 };
const MAX_LINEAGE = 1000;

function optionalText(value: string | null | undefined, path: string, limits = LINE): string | undefined {
  return value == null ? undefined : toText(value, path, limits);
}

/** The stored fields that the input names, checked; what is left out is absent. */
export function experimentFields(input: CreateExperimentInput): Document {
  const status = input.status ?? ExperimentStatus.RUNNING;
  if (status === ExperimentStatus.RUNNING && input.endTime != null) {
    throw badInput('input.endTime', 'an experiment that is RUNNING has no end');
  }
  if (input.startTime && input.endTime && input.endTime < input.startTime) {
    throw badInput('input.endTime', 'is before the start');
  }
  const fields: Document = {
    experiment_name: toText(input.name, 'input.name', NAME),
    challenge: input.challenge,
    status,
    model: input.model && toOpenObject(input.model, MODEL, 'input.model'),
    config: toOpenObject(input.config ?? {}, CONFIG, 'input.config'),
    dataset: input.dataset && toOpenObject(input.dataset, DATASET, 'input.dataset'),
    metrics: toMetrics(input.metrics ?? new Map<string, number>(), 'input.metrics'),
    start_time: input.startTime,
    end_time: input.endTime,
    created_by: optionalText(input.createdBy, 'input.createdBy'),
    hostname: optionalText(input.hostname, 'input.hostname'),
    tags: toLabels(input.tags ?? [], 'input.tags'),
    note: optionalText(input.note, 'input.note', { max: 1_000_000 }),
    parent_experiment_id:
      input.parentExperimentId == null ? undefined : toObjectId(input.parentExperimentId, 'input.parentExperimentId'),
    checkpoint_dir: optionalText(input.checkpointDir, 'input.checkpointDir'),
    legacy_id: optionalText(input.legacyId, 'input.legacyId'),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
}

/** The experiments. */
export class ExperimentStore {
  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly raw: RawReader,
    private readonly writer: ExperimentWriter,
  ) {}

  /** Experiments by id, in any order; ids of nothing are left out. */
  async byIds(ids: readonly unknown[], fields: Projection = null): Promise<Experiment[]> {
    const filter = { _id: { $in: [...ids] } } as Filter<Document>;
    const cursor = this.collection.find(filter, { ...wholeAnswer(), ...reading(fields), raw: true });
    return readAll(cursor, this.raw.experiment);
  }

  /** A page of the experiments under a filter. */
  page(filter: Filter<Document>, order: Order, request: PageRequest): Promise<Page<Experiment>> {
    return findPage(this.collection, filter, order, request, this.raw.experiment);
  }

  /** Ids of at most `limit` experiments under a filter, in any order. */
  async idsUnder(filter: Filter<Document>, limit: number): Promise<unknown[]> {
    const rows = await this.collection
      .find(filter, { ...wholeAnswer(), projection: { _id: 1 } })
      .limit(limit)
      .toArray();
    return rows.map(({ _id }) => _id);
  }

  /** How many experiments are under a filter. */
  count(filter: Filter<Document> = {}): Promise<number> {
    return this.collection.countDocuments(filter, readLimit());
  }

  /** A page of the experiments that continue each of these. */
  childPagesOf(parentIds: readonly unknown[], request: PageRequest): Promise<Map<string, Page<Experiment>>> {
    return findPagesOfParents(
      { collection: this.collection, ids: parentIds },
      { collection: EXPERIMENTS, parentField: 'parent_experiment_id' },
      EXPERIMENT_ORDER,
      request,
      this.raw.experiment,
    );
  }

  /** How many experiments continue each of these; those that nothing continues are left out. */
  async childCountsOf(parentIds: readonly unknown[]): Promise<Map<string, number>> {
    const groups = await this.collection
      .aggregate(
        [
          { $match: { parent_experiment_id: { $in: [...parentIds] } } },
          { $group: { _id: '$parent_experiment_id', count: { $sum: 1 } } },
        ],
        wholeAnswer(),
      )
      .toArray();
    return new Map(groups.map((group) => [String(group._id), group.count as number]));
  }

  /** For each list of releases, a page of the experiments whose dataset uses one of them. */
  pagesUsing(releases: readonly string[][], request: PageRequest): Promise<Page<Experiment>[]> {
    return findPagesOfFilters(
      this.collection,
      releases.map(usingFilter),
      EXPERIMENT_ORDER,
      request,
      this.raw.experiment,
    );
  }

  /** For each list of releases, how many experiments use one of them. */
  countsUsing(releases: readonly string[][]): Promise<number[]> {
    return countFilters(this.collection, releases.map(usingFilter));
  }

  /**
   * Stores a new experiment. With a client-made id the call can be repeated: the digest of the content it was created
   * with is stored beside it, so that a late retry is told from another experiment even after epochs have arrived.
   */
  async create(input: CreateExperimentInput): Promise<{ experiment: Experiment; outcome: WriteOutcome }> {
    const now = new Date();
    const given = experimentFields(input);
    const id = input.id == null ? new ObjectId() : toObjectId(input.id, 'input.id');
    const status = input.status ?? ExperimentStatus.RUNNING;
    const document: WithId<Document> = {
      _id: id,
      ...given,
      start_time: input.startTime ?? now,
      ...(status === ExperimentStatus.RUNNING ? {} : { end_time: input.endTime ?? now }),
      last_seen_at: now,
      progress: NO_PROGRESS,
      creation_digest: digestOf(given),
    };
    assertFits(document, 'input');
    const parentId = given.parent_experiment_id as ObjectId | undefined;
    if (parentId && !(await this.exists(parentId))) {
      // A late retry finds what it stored, although the parent is gone by now.
      const experiment = await this.sameCreation(document);
      if (!experiment) throw notFound('Parent experiment', parentId.toHexString());
      return { experiment, outcome: WriteOutcome.UNCHANGED };
    }
    try {
      await withinTime(this.collection.insertOne(document));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const experiment = await this.sameCreation(document);
      if (experiment) return { experiment, outcome: WriteOutcome.UNCHANGED };
      throw conflict(
        `Experiment ${id.toHexString()} is stored with other content; take a new id for another experiment.`,
      );
    }
    return { experiment: this.reader.experiment(asRead(document) as Document), outcome: WriteOutcome.CREATED };
  }

  /** Changes the fields given; NOT_FOUND where the experiment does not exist. Equal values write nothing. */
  async update(input: UpdateExperimentInput): Promise<Experiment> {
    const id = toObjectId(input.id, 'input.id');
    for (const field of ['name', 'tags', 'config', 'addTags', 'removeTags'] as const) {
      if (input[field] === null)
        throw badInput(`input.${field}`, 'can not be null; leave it out to keep what is stored');
    }
    if (input.tags && (input.addTags || input.removeTags)) {
      throw badInput('input.tags', 'give either all tags, or tags to add and remove');
    }
    const parentId =
      input.parentExperimentId == null ? null : toObjectId(input.parentExperimentId, 'input.parentExperimentId');
    const fields: Document = {
      experiment_name: input.name === undefined ? undefined : toText(input.name!, 'input.name', NAME),
      note: input.note && toText(input.note, 'input.note'),
      model: input.model && toOpenObject(input.model, MODEL, 'input.model'),
      config: input.config && toOpenObject(input.config, CONFIG, 'input.config'),
      dataset: input.dataset && toOpenObject(input.dataset, DATASET, 'input.dataset'),
      checkpoint_dir: input.checkpointDir && toText(input.checkpointDir, 'input.checkpointDir', LINE),
      parent_experiment_id: input.parentExperimentId === undefined ? undefined : parentId,
    };
    const replaced = input.tags && toLabels(input.tags, 'input.tags');
    const added = toLabels(input.addTags ?? [], 'input.addTags');
    const removed = new Set(toLabels(input.removeTags ?? [], 'input.removeTags'));
    return this.writer.change(id, async (stored, session) => {
      if (parentId) await this.assertNoCycle(id, parentId, session);
      const storedTags = Array.isArray(stored.tags) ? (stored.tags as string[]) : [];
      const tags = replaced ?? [...new Set([...storedTags, ...added])].filter((tag) => !removed.has(tag));
      return assignments({
        ...fields,
        ...(sameContent(tags, storedTags) ? {} : { tags: toLabels(tags, 'input.addTags') }),
      });
    });
  }

  /** The stored experiment of this id, where it was created with the same content; else undefined. */
  private async sameCreation({ _id, creation_digest }: WithId<Document>): Promise<Experiment | undefined> {
    const stored = await this.collection.findOne({ _id }, readLimit());
    return stored?.creation_digest === creation_digest ? this.reader.experiment(stored!) : undefined;
  }

  /** Refuses a parent that does not exist, that is the experiment itself, or that descends from it. */
  private async assertNoCycle(id: ObjectId, parentId: ObjectId, session: ClientSession): Promise<void> {
    let ancestor: ObjectId | undefined = parentId;
    for (let step = 0; ancestor && step < MAX_LINEAGE; step++) {
      if (ancestor.equals(id)) {
        throw badInput('input.parentExperimentId', 'is the experiment itself or descends from it');
      }
      const row: Document | null = await this.collection.findOne(
        { _id: ancestor },
        { session, projection: { parent_experiment_id: 1 } },
      );
      if (!row && step === 0) throw notFound('Parent experiment', parentId.toHexString());
      ancestor = row?.parent_experiment_id as ObjectId | undefined;
    }
  }

  private async exists(id: ObjectId): Promise<boolean> {
    return (await this.collection.findOne({ _id: id }, { ...readLimit(), projection: { _id: 1 } })) !== null;
  }

  private get collection() {
    return this.database.collections.experiments;
  }
}

function usingFilter(releases: readonly string[]): Filter<Document> {
  return { 'dataset.releases': { $in: [...releases] } };
}
