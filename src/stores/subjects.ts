import type { ObjectId } from 'mongodb';
import { type AnyBulkWriteOperation, type Document, type Filter } from 'mongodb';
import { MongoBulkWriteError } from 'mongodb';
import { Sex } from '../../types/enums/Sex';
import { Split } from '../../types/enums/Split';
import type { SubjectInput } from '../../types/inputs/SubjectInput';
import type { Subject } from '../../types/Subject';
import type { SubjectFacets } from '../../types/SubjectFacets';
import { ApiError } from '../errors';
import { wholeAnswer } from './collections';
import { sameContent, valueAt } from './content';
import { among, countBy, eachOnce, isNumber, toFacet, toHistogram } from './facets';
import type { Database } from './database';
import { allOf, orderBy, type Order } from './orders';
import { reading, type Projection } from './projections';
import type { RawReader } from './raw/raw-reader';
import { readAll } from './raw/rows';
import { countFilters, findPage, findPagesOfFilters, type Page, type PageLimits, type PageRequest } from './pages';
import { EEG_QUALITY, type Shape } from './shapes';
import { readLimit, withinTime } from './time-limits';
import { isDuplicateKey } from './transactions';
import { assertFits, toLabels, toOpenObject, toQuantity, toText } from './values';

export const SUBJECT_LIMITS: PageLimits = { default: 100, max: 1000 };

export const SUBJECT_ORDER = orderBy([{ path: 'subject_id', kind: 'string', direction: 1 }], {
  typedOnly: true,
  unique: true,
});

export const MAX_SUBJECTS = 1000;
/** Subjects of one command: it keeps the database from others meanwhile. */
const MAX_TOGETHER = 100;
const MAX_RACES = 5;
const SUBJECT_ID = { min: 1, max: 256 };

/** Subjects of some releases, in one split of one challenge where that is asked. */
export interface SubjectSelection {
  releases: string[];
  inSplit: { challenge: 1 | 2; split: Split } | null;
}

export type UpsertResult = 'created' | 'updated' | 'unchanged' | ApiError;

/** A checked subject: dotted paths to set and to unset. */
interface SubjectDraft {
  subjectId: string;
  $set: Document;
  $unset: Document;
}

/** Sets each key of an open object at its own path; a key given as null is taken out. */
function spread(
  draft: SubjectDraft,
  name: string,
  value: Record<string, unknown> | null | undefined,
  shape: Shape,
  path: string,
): void {
  if (value === undefined) return;
  if (value === null) {
    draft.$unset[name] = '';
    return;
  }
  const stored = toOpenObject(value, shape, path);
  for (const [key, item] of Object.entries(stored) as [string, unknown][]) {
    if (item === null) draft.$unset[`${name}.${key}`] = '';
    else draft.$set[`${name}.${key}`] = item;
  }
}

function toDraft(input: SubjectInput, path: string): SubjectDraft {
  const subjectId = toText(input.subjectId, `${path}.subjectId`, SUBJECT_ID);
  const draft: SubjectDraft = { subjectId, $set: {}, $unset: {} };
  const fields: Document = {
    age: toQuantity(input.age, `${path}.age`),
    sex: input.sex,
    handedness: input.handedness,
    releases: input.releases && toLabels(input.releases, `${path}.releases`),
    has_eeg: input.hasEeg,
    has_demographics: input.hasDemographics,
    has_phenotypic: input.hasPhenotypic,
    date_added: input.dateAdded,
    last_processed: input.lastProcessed,
    ...(input.splits === null
      ? { splits: null }
      : { 'splits.challenge1_split': input.splits?.challenge1, 'splits.challenge2_split': input.splits?.challenge2 }),
  };
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (value === null) draft.$unset[name] = '';
    else if (value !== undefined) draft.$set[name] = value;
  }
  spread(draft, 'phenotypic', input.phenotypic, {}, `${path}.phenotypic`);
  spread(draft, 'eeg_quality', input.eegQuality, EEG_QUALITY, `${path}.eegQuality`);
  assertFits(draft.$set, path);
  return draft;
}

/** Subjects that a record can be made of. As an expression: as a condition it would draw the planner to its index. */
const READABLE: Filter<Document> = { $expr: { $eq: [{ $type: '$subject_id' }, 'string'] } };

/** The subjects. */
export class SubjectStore {
  constructor(
    private readonly database: Database,
    private readonly raw: RawReader,
  ) {}

  /** Subjects by id, in any order; ids of nothing are left out. */
  async byIds(ids: readonly ObjectId[], fields: Projection = null): Promise<Subject[]> {
    return this.find({ _id: { $in: [...ids] } }, fields);
  }

  /** Subjects by their identifier in the dataset, in any order. */
  async bySubjectIds(subjectIds: readonly string[], fields: Projection = null): Promise<Subject[]> {
    return this.find({ subject_id: { $in: [...subjectIds] } }, fields);
  }

  /** A page of the subjects under a filter. */
  page(filter: Filter<Document>, order: Order, request: PageRequest): Promise<Page<Subject>> {
    return findPage(this.collection, allOf(filter, READABLE), order, request, this.raw.subject);
  }

  /** How many subjects are under a filter. */
  count(filter: Filter<Document> = {}): Promise<number> {
    return this.collection.countDocuments(allOf(filter, READABLE), readLimit());
  }

  /** What the subjects under a filter are, in counts. */
  async facets(filter: Filter<Document>): Promise<SubjectFacets> {
    const [found] = await this.collection
      .aggregate(
        [
          { $match: allOf(filter, READABLE) },
          { $project: { releases: 1, sex: 1, splits: 1, age: 1 } },
          {
            $facet: {
              total: [{ $count: 'count' }],
              release: countBy('$value', ...eachOnce('$releases')),
              sex: countBy(among(Object.values(Sex), '$sex')),
              split1: countBy(among(Object.values(Split), '$splits.challenge1_split')),
              split2: countBy(among(Object.values(Split), '$splits.challenge2_split')),
              age: [
                { $match: { $and: [{ age: { $gte: 0, $lte: Number.MAX_VALUE } }, { $expr: isNumber('$age') }] } },
                { $group: { _id: { $floor: { $toDouble: '$age' } }, count: { $sum: 1 } } },
                { $sort: { _id: 1 } },
              ],
            },
          },
        ],
        readLimit(),
      )
      .toArray();
    const rows = found as Record<string, Document[]>;
    const upper = (value: unknown) => String(value).toUpperCase();
    return {
      total: (rows.total![0]?.count as number | undefined) ?? 0,
      byRelease: toFacet(rows.release!),
      bySex: toFacet(rows.sex!),
      byChallenge1Split: toFacet(rows.split1!, upper),
      byChallenge2Split: toFacet(rows.split2!, upper),
      ageHistogram: toHistogram(rows.age!.map(({ _id, count }) => [_id as number, count as number])),
    };
  }

  /** For each selection, a page of its subjects. */
  pagesOf(selections: readonly SubjectSelection[], request: PageRequest): Promise<Page<Subject>[]> {
    return findPagesOfFilters(
      this.collection,
      selections.map(selectionFilter),
      SUBJECT_ORDER,
      request,
      this.raw.subject,
    );
  }

  /** For each selection, how many subjects it has. */
  countsOf(selections: readonly SubjectSelection[]): Promise<number[]> {
    const readable = selections.map((selection) => allOf(selectionFilter(selection), { subject_id: { $gte: '' } }));
    return countFilters(this.collection, readable);
  }

  /**
   * Creates or updates each subject on its own; fields left out keep their stored value. The result of each, or the error
   * that kept it from being written, in the order given. Of two with one subjectId, the later one adds to the earlier.
   */
  async upsert(inputs: readonly SubjectInput[]): Promise<UpsertResult[]> {
    return this.eachOnItsOwn(inputs, (drafts) => this.write(drafts));
  }

  /** What `upsert` would do, without writing. */
  async look(inputs: readonly SubjectInput[]): Promise<UpsertResult[]> {
    return this.eachOnItsOwn(inputs, async (drafts) => {
      const stored = await this.storedOf(drafts);
      return drafts.map((draft) => outcomeOf(stored.get(draft.subjectId), draft));
    });
  }

  /** The results of `work` on the inputs that can be stored, in rounds in which each subject stands once. */
  private async eachOnItsOwn(
    inputs: readonly SubjectInput[],
    work: (drafts: SubjectDraft[]) => Promise<UpsertResult[]>,
  ): Promise<UpsertResult[]> {
    const results: UpsertResult[] = [];
    const rounds: { index: number; draft: SubjectDraft }[][] = [];
    const seen = new Map<string, number>();
    inputs.forEach((input, index) => {
      try {
        const draft = toDraft(input, `subjects[${index}]`);
        const round = seen.get(draft.subjectId) ?? 0;
        seen.set(draft.subjectId, round + 1);
        (rounds[round] ??= []).push({ index, draft });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        results[index] = error;
      }
    });
    for (const round of rounds) {
      for (let start = 0; start < round.length; start += MAX_TOGETHER) {
        const part = round.slice(start, start + MAX_TOGETHER);
        const outcomes = await work(part.map(({ draft }) => draft));
        part.forEach(({ index }, place) => (results[index] = outcomes[place]!));
      }
    }
    return results;
  }

  /** Removes a subject; an identifier of nothing removes nothing. */
  async delete(subjectId: string): Promise<void> {
    await withinTime(this.collection.deleteOne({ subject_id: toText(subjectId, 'subjectId', SUBJECT_ID) }));
  }

  /** Writes drafts of different subjects; a subject that another writer creates meanwhile is updated instead. */
  private async write(drafts: readonly SubjectDraft[]): Promise<UpsertResult[]> {
    const now = new Date();
    const results: UpsertResult[] = [];
    let open = drafts.map((draft, index) => ({ draft, index }));
    for (let attempt = 1; open.length > 0; attempt++) {
      const stored = await this.storedOf(open.map(({ draft }) => draft));
      const writes = open.filter(({ draft, index }) => {
        results[index] = outcomeOf(stored.get(draft.subjectId), draft);
        return results[index] !== 'unchanged';
      });
      if (writes.length === 0) break;
      try {
        const { upsertedIds } = await withinTime(
          this.collection.bulkWrite(
            writes.map(({ draft }) => upsertOf(draft, stored.get(draft.subjectId), now)),
            { ordered: false },
          ),
        );
        writes.forEach(({ index }, place) => (results[index] = place in upsertedIds ? 'created' : 'updated'));
        break;
      } catch (error) {
        if (!(error instanceof MongoBulkWriteError) || !isDuplicateKey(error) || attempt >= MAX_RACES) throw error;
        const failed = [error.writeErrors].flat();
        if (failed.some((failure) => failure.code !== 11_000)) throw error;
        const again = new Set(failed.map((failure) => failure.index));
        const { upsertedIds } = error;
        writes.forEach(({ index }, place) => (results[index] = place in upsertedIds ? 'created' : 'updated'));
        open = writes.filter((_, place) => again.has(place));
      }
    }
    return results;
  }

  private async storedOf(drafts: readonly SubjectDraft[]): Promise<Map<string, Document>> {
    const rows = await this.collection
      .find({ subject_id: { $in: drafts.map(({ subjectId }) => subjectId) } }, wholeAnswer())
      .toArray();
    return new Map(rows.map((raw) => [raw.subject_id as string, raw]));
  }

  private find(filter: Filter<Document>, fields: Projection): Promise<Subject[]> {
    return readAll(this.collection.find(filter, { ...wholeAnswer(), ...reading(fields), raw: true }), this.raw.subject);
  }

  private get collection() {
    return this.database.collections.subjects;
  }
}

function selectionFilter({ releases, inSplit }: SubjectSelection): Filter<Document> {
  return {
    releases: { $in: releases },
    ...(inSplit ? { [`splits.challenge${inSplit.challenge}_split`]: inSplit.split } : {}),
  };
}

const NESTED = ['phenotypic', 'eeg_quality', 'splits'] as const;

/** The upsert of a draft. Where another program stored something else than an object, an object takes its place. */
function upsertOf(
  { subjectId, $set, $unset }: SubjectDraft,
  before: Document | undefined,
  now: Date,
): AnyBulkWriteOperation<Document> {
  const set = { ...$set };
  const unset = { ...$unset };
  for (const name of NESTED) {
    const stored: unknown = before?.[name];
    if (stored === undefined || (typeof stored === 'object' && stored !== null && !Array.isArray(stored))) continue;
    const inside = Object.keys(set).filter((path) => path.startsWith(`${name}.`));
    if (inside.length > 0)
      set[name] = Object.fromEntries(inside.map((path) => [path.slice(name.length + 1), set[path]]));
    for (const path of [...inside, ...Object.keys(unset)]) {
      if (!path.startsWith(`${name}.`)) continue;
      delete set[path];
      delete unset[path];
    }
  }
  return {
    updateOne: {
      filter: { subject_id: subjectId },
      update: {
        ...(Object.keys(set).length > 0 ? { $set: set } : {}),
        ...(Object.keys(unset).length > 0 ? { $unset: unset } : {}),
        ...('date_added' in set || 'date_added' in unset ? {} : { $setOnInsert: { date_added: now } }),
      },
      upsert: true,
    },
  };
}

function outcomeOf(stored: Document | undefined, draft: SubjectDraft): 'created' | 'updated' | 'unchanged' {
  return !stored ? 'created' : isApplied(stored, draft) ? 'unchanged' : 'updated';
}

function isApplied(stored: Document, { $set, $unset }: SubjectDraft): boolean {
  return (
    Object.entries($set).every(([path, value]) => sameContent(valueAt(stored, path), value)) &&
    Object.keys($unset).every((path) => valueAt(stored, path) === undefined)
  );
}
