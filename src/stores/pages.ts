import { MongoServerError, type AggregationCursor, type Collection, type Document, type Filter } from 'mongodb';
import { badInput } from '../errors';
import { wholeAnswer } from './collections';
import { decodeCursor, encodeCursor, momentOf } from './cursors';
import { allOf, pipelinesOf, positionOf, type Bounds, type Order } from './orders';
import type { Projection } from './projections';
import { objectAt } from './raw/bson';
import { idOf, itemsAt, numberAt, placeOf, toRow, type RawRow, type ReadRow } from './raw/rows';

/**
 * Pages of ordered lists. A page is found by comparing with the place of its cursor, so it stays right while documents
 * are added and removed before it; it costs one command, whatever its size.
 */

/** What a database says of too large a document: as it makes one (10334, 13548), and as $lookup does (4568). */
const TOO_LARGE = new Set([10_334, 13_548, 4_568]);

export interface PageLimits {
  default: number;
  max: number;
}

export interface PageArguments {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

/** A checked request for a page. */
export interface PageRequest extends Bounds {
  limit: number;
  /** What is read of the documents. */
  fields: Projection;
}

export interface PageItem<T> {
  readonly node: T;
  readonly cursor: string;
}

export interface Page<T> {
  items: PageItem<T>[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

export const EMPTY_PAGE: Page<never> = { items: [], hasNextPage: false, hasPreviousPage: false };

/**
 * The moment by which the page is to be judged that a client asks for: that of the walk which its cursor is of, or now.
 * An order that time changes is made for it, so that no row moves between the pages because time goes by.
 */
export function momentOfWalk({ after, before }: PageArguments): Date {
  return (after != null && momentOf(after)) || (before != null && momentOf(before)) || new Date();
}

/** Checks the four arguments of a connection. Leaving out both `first` and `last` means the list's default. */
export function toPageRequest(args: PageArguments, order: Order, limits: PageLimits, fields: Projection): PageRequest {
  const { first, last } = args;
  if (first != null && last != null) throw badInput('first', 'give `first` or `last`, not both');
  for (const [name, value] of [
    ['first', first],
    ['last', last],
  ] as const) {
    if (value != null && (value < 1 || value > limits.max)) {
      throw badInput(name, `is ${value}; it takes 1 to ${limits.max}`);
    }
  }
  return {
    limit: first ?? last ?? limits.default,
    fields,
    backward: last != null,
    after: args.after == null ? null : decodeCursor(order, args.after, 'after'),
    before: args.before == null ? null : decodeCursor(order, args.before, 'before'),
  };
}

/**
 * Makes a page of results in reading order, of which there may be one more than asked for: that one only shows that the
 * list goes on. Documents that `read` can't represent are left out.
 */
function toPage<T>(order: Order, request: PageRequest, results: RawRow[], read: ReadRow<T>): Page<T> {
  const more = results.length > request.limit;
  const kept = results.slice(0, request.limit);
  if (request.backward) kept.reverse();
  const items: PageItem<T>[] = [];
  for (const result of kept) {
    const node = read(result.bytes, placeOf('row', result));
    if (node !== undefined) items.push(new RawItem(node, order, result));
  }
  return {
    items,
    hasNextPage: request.backward ? request.before !== null : more,
    hasPreviousPage: request.backward ? more : request.after !== null,
  };
}

/** An item whose cursor is made when it is asked for. */
class RawItem<T> implements PageItem<T> {
  constructor(
    readonly node: T,
    private readonly order: Order,
    private readonly result: RawRow,
  ) {}

  get cursor(): string {
    return encodeCursor(this.order, positionOf(this.order, objectAt(this.result.bytes, this.result.from)));
  }
}

/** A page of a whole collection, narrowed by `base`. Later segments are read only where the first doesn't fill the page. */
export async function findPage<T>(
  collection: Collection<Document>,
  base: Filter<Document>,
  order: Order,
  request: PageRequest,
  read: ReadRow<T>,
): Promise<Page<T>> {
  const wanted = request.limit + 1;
  const results = await rawUnionOf(collection, pipelinesOf(order, base, request, wanted, request.fields), [
    { $limit: wanted },
  ]);
  return toPage(order, request, results, read);
}

/** The children of parents, which are in a collection of their own. */
interface Children {
  collection: string;
  parentField: string;
  base?: Filter<Document>;
}

/**
 * The same page of the children of each parent, by one aggregation over the parents' collection: each parent costs the
 * range of an index on `childField`, and no more.
 */
export async function findPagesOfParents<T>(
  parents: { collection: Collection<Document>; ids: readonly unknown[] },
  children: Children,
  order: Order,
  request: PageRequest,
  read: ReadRow<T>,
): Promise<Map<string, Page<T>>> {
  const ofParent = { $expr: { $eq: [`$${children.parentField}`, '$$parent'] } };
  const base = allOf(ofParent, children.base ?? {});
  const pipelines = pipelinesOf(order, base, request, request.limit + 1, request.fields);
  const found = new Map<string, RawRow[]>(parents.ids.map((id) => [String(id), []]));
  try {
    await readChildren(parents, children, pipelines, found);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    // Row by row, and one segment after another, no document of the answer is larger than a child.
    for (const rows of found.values()) rows.length = 0;
    for (const pipeline of pipelines)
      await readChildren(parents, children, [pipeline], found, [{ $unwind: '$result' }]);
  }
  return new Map([...found].map(([id, rows]) => [id, toPage(order, request, rows.slice(0, request.limit + 1), read)]));
}

/** Adds what each parent's pipelines give to its rows: in one list for each parent, unless `unwind` says otherwise. */
async function readChildren(
  parents: { collection: Collection<Document>; ids: readonly unknown[] },
  { collection }: Children,
  pipelines: readonly Document[][],
  found: ReadonlyMap<string, RawRow[]>,
  unwind: Document[] = [],
): Promise<void> {
  const names = pipelines.map((_, index) => (pipelines.length === 1 ? 'result' : `segment${index}`));
  const lookups = pipelines.map((pipeline, index) => ({
    $lookup: { from: collection, let: { parent: '$_id' }, pipeline, as: names[index]! },
  }));
  const join = names.length > 1 ? [{ $project: { result: { $concatArrays: names.map((name) => `$${name}`) } } }] : [];
  const stages = [
    { $match: { _id: { $in: [...parents.ids] } } },
    { $project: { _id: 1 } },
    ...lookups,
    ...join,
    ...unwind,
  ];
  const answer = await parents.collection.aggregate(stages, { ...wholeAnswer(), raw: true }).toArray();
  for (const parent of answer.map(toRow)) {
    const place = placeOf('result', parent);
    const places = unwind.length > 0 ? [place] : itemsAt(parent.bytes, place);
    found.get(idOf(parent))?.push(...places.map((from) => ({ bytes: parent.bytes, from })));
  }
}

/** Whether an answer would have had a document past what BSON or a stage of the database allows. */
function isTooLarge(error: unknown): boolean {
  return error instanceof MongoServerError && TOO_LARGE.has(Number(error.code));
}

/**
 * The same page under each of several filters of one collection, by one aggregation whatever their number: every filter
 * is a branch of it that sorts and limits for itself.
 */
export async function findPagesOfFilters<T>(
  collection: Collection<Document>,
  filters: readonly Filter<Document>[],
  order: Order,
  request: PageRequest,
  read: ReadRow<T>,
): Promise<Page<T>[]> {
  const wanted = request.limit + 1;
  const branches = filters.flatMap((filter, index) =>
    pipelinesOf(order, filter, request, wanted, request.fields).map((pipeline) => [
      ...pipeline,
      { $addFields: { branch: { $literal: index } } },
    ]),
  );
  const found: RawRow[][] = filters.map(() => []);
  for (const row of await rawUnionOf(collection, branches)) found[numberAt('branch', row)]!.push(row);
  return found.map((results) => toPage(order, request, results.slice(0, wanted), read));
}

/** How many documents each of several filters matches, by one aggregation whatever their number. */
export async function countFilters(
  collection: Collection<Document>,
  filters: readonly Filter<Document>[],
): Promise<number[]> {
  const branches = filters.map((filter, index) => [
    { $match: filter },
    { $group: { _id: { $literal: index }, count: { $sum: 1 } } },
  ]);
  const counts = filters.map(() => 0);
  for (const { _id, count } of await unionOf(collection, branches)) counts[_id as number] = count as number;
  return counts;
}

/** The rows of several pipelines one after another, by one command. */
function unionCursor(
  collection: Collection<Document>,
  branches: Document[][],
  after: Document[],
  raw: boolean,
): AggregationCursor {
  const [head = [], ...rest] = branches;
  const unions = rest.map((pipeline) => ({ $unionWith: { coll: collection.collectionName, pipeline } }));
  return collection.aggregate([...head, ...unions, ...after], { ...wholeAnswer(), raw });
}

async function unionOf(collection: Collection<Document>, branches: Document[][]): Promise<Document[]> {
  return branches.length === 0 ? [] : unionCursor(collection, branches, [], false).toArray();
}

async function rawUnionOf(
  collection: Collection<Document>,
  branches: Document[][],
  after: Document[] = [],
): Promise<RawRow[]> {
  return branches.length === 0 ? [] : (await unionCursor(collection, branches, after, true).toArray()).map(toRow);
}
