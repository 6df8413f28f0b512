import type { Collection, Document, Filter, ObjectId } from 'mongodb';
import { badInput } from '../errors';
import { ONE_BATCH } from './collections';
import { decodeCursor, encodeCursor, type Position } from './cursors';

/**
 * Keyset pages. A list is ordered by one field and then by id; a page is found by comparing with the place of its
 * cursor, so it stays right while documents are added and removed before it.
 *
 * Documents whose sort field is missing or of another type come last in either direction, ordered by id: they are a
 * second segment of the list, which a page reaches where the first one ends.
 */

export interface Order {
  /** Part of every cursor, so that a cursor made for another order is refused. */
  name: string;
  field: string;
  kind: 'number' | 'string' | 'date';
  direction: 1 | -1;
  /** Leaves out documents whose sort field is of another type: no record can be made of them. */
  typedOnly: boolean;
}

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
export interface PageRequest {
  limit: number;
  /** Whether the page is taken from the end of the range. */
  backward: boolean;
  after: Position | null;
  before: Position | null;
}

export interface PageItem<T> {
  node: T;
  cursor: string;
}

export interface Page<T> {
  items: PageItem<T>[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

export const EMPTY_PAGE: Page<never> = { items: [], hasNextPage: false, hasPreviousPage: false };

/** Checks the four arguments of a connection. Leaving out both `first` and `last` means the list's default. */
export function toPageRequest(args: PageArguments, order: Order, limits: PageLimits): PageRequest {
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
    backward: last != null,
    after: args.after == null ? null : decodeCursor(order.name, args.after, 'after'),
    before: args.before == null ? null : decodeCursor(order.name, args.before, 'before'),
  };
}

/** One ordered stretch of a list within the request's bounds, in the order in which it is read. */
export interface Segment {
  match: Filter<Document>;
  sort: Record<string, 1 | -1>;
}

/** Every BSON type that an order's kind leaves out, as `$type` takes them. */
const OTHER_TYPES = {
  number: ['string', 'object', 'array', 'binData', 'objectId', 'bool', 'date', 'regex', 'timestamp'],
  string: [
    'double',
    'int',
    'long',
    'decimal',
    'object',
    'array',
    'binData',
    'objectId',
    'bool',
    'date',
    'regex',
    'timestamp',
  ],
  date: [
    'double',
    'int',
    'long',
    'decimal',
    'string',
    'object',
    'array',
    'binData',
    'objectId',
    'bool',
    'regex',
    'timestamp',
  ],
} as const;

function anyOfKind({ field, kind }: Order): Filter<Document> {
  switch (kind) {
    case 'number':
      return { [field]: { $gte: -Infinity } };
    case 'string':
      return { [field]: { $gte: '' } };
    case 'date':
      return { [field]: { $type: 'date' } };
  }
}

/** What lies past a place within one segment; undefined where nothing of the segment does. */
function past(order: Order, typed: boolean, side: 'after' | 'before', place: Position): Filter<Document> | undefined {
  const forward = side === 'after';
  const idOperator = (order.direction === 1) === forward ? '$gt' : '$lt';
  if (!typed) {
    if (place.value === null) return { _id: { [idOperator]: place.id } as Filter<Document> };
    return forward ? {} : undefined;
  }
  if (place.value === null) return forward ? undefined : {};
  const { field } = order;
  return {
    [field]: { [`${idOperator}e`]: place.value } as Filter<Document>,
    $or: [{ [field]: { [idOperator]: place.value } as Filter<Document> }, { _id: { [idOperator]: place.id } }],
  };
}

/** The stretches that the request reads, in reading order: from the end for a backward page. */
export function segmentsOf(order: Order, request: PageRequest): Segment[] {
  const sign = request.backward ? -1 : 1;
  const id = (order.direction * sign) as 1 | -1;
  const segments: Segment[] = [];
  for (const typed of order.typedOnly ? [true] : [true, false]) {
    const bounds = (['after', 'before'] as const).flatMap((side) => {
      const place = request[side];
      return place ? [past(order, typed, side, place)] : [];
    });
    if (bounds.includes(undefined)) continue;
    const conditions = bounds.filter((bound): bound is Filter<Document> => Object.keys(bound!).length > 0);
    if (typed && conditions.length === 0) conditions.push(anyOfKind(order));
    if (!typed) {
      conditions.push({ $or: [{ [order.field]: null }, { [order.field]: { $type: [...OTHER_TYPES[order.kind]] } }] });
    }
    segments.push({
      match: conditions.length === 1 ? conditions[0]! : { $and: conditions },
      sort: typed ? { [order.field]: id, _id: id } : { _id: id },
    });
  }
  return request.backward ? segments.reverse() : segments;
}

/** The place of a stored document in an order. */
export function positionOf(order: Order, raw: Document): Position {
  const value: unknown = order.field.split('.').reduce<unknown>((at, key) => (at as Document | undefined)?.[key], raw);
  const fits =
    order.kind === 'date' ? value instanceof Date && !Number.isNaN(value.getTime()) : typeof value === order.kind;
  return { value: fits ? (value as Position['value']) : null, id: raw._id as ObjectId };
}

/**
 * Makes a page of documents in reading order, of which there may be one more than asked for: that one only shows that
 * the list goes on. Documents that `read` can't represent are left out.
 */
export function toPage<T>(
  order: Order,
  request: PageRequest,
  rows: Document[],
  read: (raw: Document) => T | undefined,
): Page<T> {
  const more = rows.length > request.limit;
  const kept = rows.slice(0, request.limit);
  if (request.backward) kept.reverse();
  const items: PageItem<T>[] = [];
  for (const raw of kept) {
    const node = read(raw);
    if (node !== undefined) items.push({ node, cursor: encodeCursor(order.name, positionOf(order, raw)) });
  }
  return {
    items,
    hasNextPage: request.backward ? request.before !== null : more,
    hasPreviousPage: request.backward ? more : request.after !== null,
  };
}

/**
 * A page of a whole collection, narrowed by `base`, by one command. Segments behind the first are read only where the
 * first one does not fill the page.
 */
export async function findPage<T>(
  collection: Collection<Document>,
  base: Filter<Document>,
  order: Order,
  request: PageRequest,
  read: (raw: Document) => T | undefined,
): Promise<Page<T>> {
  const limit = { $limit: request.limit + 1 };
  const branches = segmentsOf(order, request).map(({ match, sort }) => [
    { $match: both(base, match) },
    { $sort: sort },
    limit,
  ]);
  const rows = await unionOf(collection, branches, [limit]);
  return toPage(order, request, rows, read);
}

/**
 * The same page of the children of each parent, by one aggregation over the parents' collection: each parent costs the
 * range of an index on `childField`, and no more.
 */
export async function findPagesOfParents<T>(
  parents: { collection: Collection<Document>; ids: readonly unknown[] },
  children: { collection: string; parentField: string; base?: Filter<Document> },
  order: Order,
  request: PageRequest,
  read: (raw: Document) => T | undefined,
): Promise<Map<string, Page<T>>> {
  const pages = new Map<string, Document[]>(parents.ids.map((id) => [String(id), []]));
  const segments = segmentsOf(order, request);
  const names = segments.map((_, index) => (segments.length === 1 ? 'rows' : `segment${index}`));
  const lookups = segments.map(({ match, sort }, index) => ({
    $lookup: {
      from: children.collection,
      let: { parent: '$_id' },
      pipeline: [
        {
          $match: {
            $and: [{ $expr: { $eq: [`$${children.parentField}`, '$$parent'] } }, both(children.base ?? {}, match)],
          },
        },
        { $sort: sort },
        { $limit: request.limit + 1 },
      ],
      as: names[index]!,
    },
  }));
  // An $unwind right behind a single $lookup streams its rows; joined in one array they might outgrow a document.
  const join = names.length > 1 ? [{ $project: { rows: { $concatArrays: names.map((name) => `$${name}`) } } }] : [];
  const rows = await parents.collection
    .aggregate(
      [
        { $match: { _id: { $in: [...parents.ids] } } },
        { $project: { _id: 1 } },
        ...lookups,
        ...join,
        { $unwind: '$rows' },
      ],
      ONE_BATCH,
    )
    .toArray();
  for (const { _id, rows: row } of rows) pages.get(String(_id))?.push(row as Document);
  return new Map(
    [...pages].map(([id, found]) => [id, toPage(order, request, found.slice(0, request.limit + 1), read)]),
  );
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
  read: (raw: Document) => T | undefined,
): Promise<Page<T>[]> {
  const segments = segmentsOf(order, request);
  const branches = filters.flatMap((filter, index) =>
    segments.map(({ match, sort }) => [
      { $match: both(filter, match) },
      { $sort: sort },
      { $limit: request.limit + 1 },
      { $project: { row: '$$ROOT', branch: { $literal: index } } },
    ]),
  );
  const found: Document[][] = filters.map(() => []);
  for (const { branch, row } of await unionOf(collection, branches)) found[branch as number]!.push(row as Document);
  return found.map((rows) => toPage(order, request, rows.slice(0, request.limit + 1), read));
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
async function unionOf(
  collection: Collection<Document>,
  branches: Document[][],
  after: Document[] = [],
): Promise<Document[]> {
  const [head, ...rest] = branches;
  if (!head) return [];
  const unions = rest.map((pipeline) => ({ $unionWith: { coll: collection.collectionName, pipeline } }));
  return collection.aggregate([...head, ...unions, ...after], ONE_BATCH).toArray();
}

/** Both filters at once; an empty one adds nothing. */
function both(a: Filter<Document>, b: Filter<Document>): Filter<Document> {
  if (Object.keys(a).length === 0) return b;
  return Object.keys(b).length === 0 ? a : { $and: [a, b] };
}
