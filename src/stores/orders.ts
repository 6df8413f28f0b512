import { Decimal128, Long, type Document, type Filter } from 'mongodb';
import type { AnyId, KeyValue, Position } from './cursors';
import { toProjection, union, type Projection } from './projections';

/**
 * Keyset orders. A list is ordered by one or more keys and then by id. Documents whose key is missing, NaN or of another
 * type come last in either direction.
 *
 * A list by one plain field is read in two segments, each a range that an index gives in order: the documents that have
 * the key, then those that don't. A list by several keys, or by a path into an open object, is ordered by computed keys:
 * the database reads what the filter leaves and sorts that. A list by a rank alone sorts those that don't have the rank
 * of most documents, and reads the others by their ids.
 */

export type KeyKind = 'number' | 'string' | 'date' | 'scalar';

export interface OrderKey {
  path: string;
  /** `scalar`: numbers, then texts, then booleans. */
  kind: KeyKind;
  direction: 1 | -1;
  /** Makes a key of what is stored, in place of a value at the path; `path` then only names it. */
  rank?: Rank;
}

/** A number that every document has by a rule, and that is not stored. */
export interface Rank {
  expression: Document;
  /** The fields that the expression reads. */
  reads: readonly string[];
  /** The highest rank, which most documents have: these are found by a filter, and all others by the other one. */
  most: { rank: number; filter: Filter<Document>; others: Filter<Document> };
}

export interface Order {
  /** Part of every cursor, so that a cursor made for another order is refused. */
  name: string;
  keys: readonly [OrderKey, ...OrderKey[]];
  /** Leaves out documents whose first key is of another type: no record can be made of them. */
  typedOnly: boolean;
  /** Whether no two documents of a list share the key, by a unique index: then nothing is sorted by id behind it. */
  unique: boolean;
  /** Whether the first key's path may lead through lists, or holds values of several types. */
  computed: boolean;
  /** The moment by which a key is judged, the same for all pages of a walk; absent where time changes no key. */
  moment?: Date;
}

/** Places between which a page lies, and the end it is taken from. */
export interface Bounds {
  backward: boolean;
  after: Position | null;
  before: Position | null;
}

/**
 * The order by these keys. `computed` must be set where a path leads into an open object, and `moment` where a rank
 * depends on the time.
 */
export function orderBy(
  keys: readonly [OrderKey, ...OrderKey[]],
  { typedOnly = false, computed = false, unique = false, moment }: Partial<Omit<Order, 'name' | 'keys'>> = {},
): Order {
  const name = keys.map(({ path, direction }) => `${path} ${direction === 1 ? 'asc' : 'desc'}`).join(', ');
  const made = { name, keys, typedOnly, unique, computed: computed || keys.length > 1 || keys[0].rank !== undefined };
  return moment ? { ...made, moment } : made;
}

const TYPES: Record<KeyKind, string[]> = {
  number: ['double', 'int', 'long', 'decimal'],
  string: ['string'],
  date: ['date'],
  scalar: ['double', 'int', 'long', 'decimal', 'string', 'bool'],
};

const ALL_TYPES = [
  ...['double', 'string', 'object', 'array', 'binData', 'objectId', 'bool', 'date', 'regex'],
  ...['int', 'timestamp', 'long', 'decimal', 'minKey', 'maxKey'],
];

/** Ids by type, in the order in which BSON compares the types. */
const ID_TYPES = ['number', 'string', 'objectId'];

function rankOfId(id: AnyId): number {
  return ['number', 'string'].includes(typeof id) ? ID_TYPES.indexOf(typeof id) : ID_TYPES.length - 1;
}

/** Documents whose id lies past one, in the order of BSON, which compares values of different types by type. */
function idPast(field: string, operator: '$gt' | '$lt', id: AnyId): Filter<Document> {
  const rank = rankOfId(id);
  const types = operator === '$gt' ? ID_TYPES.slice(rank + 1) : ID_TYPES.slice(0, rank);
  const past = { [field]: { [operator]: id } } as Filter<Document>;
  return types.length === 0 ? past : { $or: [past, { [field]: { $type: types } }] };
}

/** Both filters at once; an empty one adds nothing. */
export function allOf(...filters: Filter<Document>[]): Filter<Document> {
  const given = filters.filter((filter) => Object.keys(filter).length > 0);
  return given.length > 1 ? { $and: given } : (given[0] ?? {});
}

/** One ordered stretch of a list within the bounds, in reading order. */
interface Segment {
  match: Filter<Document>;
  sort: Record<string, 1 | -1>;
}

/** The paths that lead to a key. Inside a list MongoDB finds keys of its items, which no record shows. */
function wayTo(path: string): string[] {
  const names = path.split('.');
  return names.map((_, index) => names.slice(0, index + 1).join('.'));
}

function hasKey({ path, kind }: OrderKey): Filter<Document> {
  const range = kind === 'number' ? { $gte: -Infinity } : kind === 'string' ? { $gte: '' } : { $type: TYPES[kind] };
  return { $and: [{ [path]: range }, ...wayTo(path).map((at) => ({ [at]: { $not: { $type: 'array' } } }))] };
}

function lacksKey({ path, kind }: OrderKey): Filter<Document> {
  const others = ALL_TYPES.filter((type) => !TYPES[kind].includes(type));
  const nan = kind === 'number' ? [{ [path]: NaN }] : [];
  const inLists = wayTo(path)
    .slice(0, -1)
    .map((at) => ({ [at]: { $type: 'array' } }));
  return { $or: [{ [path]: null }, { [path]: { $type: others } }, ...nan, ...inLists] };
}

/** What lies past a place within one segment; undefined where nothing of the segment does. */
function pastInSegment(
  { keys: [key], unique }: Order,
  typed: boolean,
  side: 'after' | 'before',
  { values: [value], id }: Position,
): Filter<Document> | undefined {
  const forward = side === 'after';
  const operator = (key.direction === 1) === forward ? '$gt' : '$lt';
  if (!typed) {
    if (value === null) return idPast('_id', operator, id);
    return forward ? {} : undefined;
  }
  if (value === null) return forward ? undefined : {};
  if (unique) return { [key.path]: { [operator]: value } };
  return {
    [key.path]: { [`${operator}e`]: value },
    $or: [{ [key.path]: { [operator]: value } }, idPast('_id', operator, id)],
  };
}

/** The stretches that a page reads, in reading order: from the end for a backward page. */
function segmentsOf(order: Order, bounds: Bounds): Segment[] {
  const {
    keys: [key],
    typedOnly,
    unique,
  } = order;
  const sign = (key.direction * (bounds.backward ? -1 : 1)) as 1 | -1;
  const segments: Segment[] = [];
  for (const typed of typedOnly ? [true] : [true, false]) {
    const conditions = (['after', 'before'] as const).map((side) => {
      const place = bounds[side];
      return place ? pastInSegment(order, typed, side, place) : {};
    });
    if (conditions.includes(undefined)) continue;
    segments.push({
      match: allOf(...(conditions as Filter<Document>[]), typed ? hasKey(key) : lacksKey(key)),
      sort: { ...(typed ? { [key.path]: sign } : {}), ...(typed && unique ? {} : { _id: sign }) },
    });
  }
  return bounds.backward ? segments.reverse() : segments;
}

/** The computed keys of a document: `n0` is 1 where the first key is missing, `k0` its value or null, and so on. */
function computedKeys({ keys }: Order): Document {
  const fields: Document = {};
  keys.forEach(({ path, kind, rank }, index) => {
    if (rank) {
      fields[`n${index}`] = { $literal: 0 };
      fields[`k${index}`] = rank.expression;
      return;
    }
    const value = `$${path}`;
    const isTyped: Document = { $in: [{ $type: value }, TYPES[kind]] };
    const typed = kind === 'number' || kind === 'scalar' ? { $and: [isTyped, { $ne: [value, NaN] }] } : isTyped;
    fields[`n${index}`] = { $cond: [typed, 0, 1] };
    fields[`k${index}`] = { $cond: [typed, value, null] };
  });
  return fields;
}

/** What lies past a place in an order of computed keys. */
function pastInComputed({ keys }: Order, side: 'after' | 'before', { values, id }: Position): Filter<Document> {
  const forward = side === 'after';
  const operatorOf = (direction: 1 | -1) => ((direction === 1) === forward ? '$gt' : '$lt');
  const alternatives: Filter<Document>[] = [];
  const equal: Filter<Document>[] = [];
  keys.forEach(({ direction }, index) => {
    const value = values[index] ?? null;
    const flag = value === null ? 1 : 0;
    alternatives.push(allOf(...equal, { [`n${index}`]: { [operatorOf(1)]: flag } }));
    equal.push({ [`n${index}`]: flag });
    if (value === null) return;
    alternatives.push(allOf(...equal, pastScalar(`k${index}`, operatorOf(direction), value)));
    equal.push({ [`k${index}`]: value });
  });
  alternatives.push(allOf(...equal, idPast('row._id', operatorOf(keys.at(-1)!.direction), id)));
  return { $or: alternatives };
}

/** Values past one, those of the types that BSON orders past its type among them. */
function pastScalar(field: string, operator: '$gt' | '$lt', value: Exclude<KeyValue, null>): Filter<Document> {
  const past = { [field]: { [operator]: value } } as Filter<Document>;
  const ranks = ['number', 'string', 'boolean'];
  const isNumber = value instanceof Long || value instanceof Decimal128;
  const rank = ranks.indexOf(isNumber ? 'number' : typeof value);
  if (rank < 0) return past;
  const types = (operator === '$gt' ? ranks.slice(rank + 1) : ranks.slice(0, rank)).map((type) =>
    type.replace('boolean', 'bool'),
  );
  return types.length === 0 ? past : { $or: [past, { [field]: { $type: types } }] };
}

/**
 * Pipelines whose rows one after another are the list between the bounds, in reading order, at most `limit` of each; every
 * row is `{row: document}`, with the computed keys beside it where the order has those.
 */
export function pipelinesOf(
  order: Order,
  base: Filter<Document>,
  bounds: Bounds,
  limit: number,
  fields: Projection = null,
): Document[][] {
  const projection = toProjection(union([fields], ...order.keys.flatMap(({ path, rank }) => rank?.reads ?? [path])));
  const project = projection ? [{ $project: projection }] : [];
  const [{ rank }] = order.keys;
  if (rank && order.keys.length === 1) {
    const others = computedPipeline(order, allOf(base, rank.most.others), bounds, limit, project);
    const most = mostRanked(order, rank, base, bounds, limit, project);
    const ascending = (order.keys[0].direction === 1) !== bounds.backward;
    return (ascending ? [others, most] : [most, others]).filter((pipeline) => pipeline !== undefined);
  }
  if (!order.computed) {
    return segmentsOf(order, bounds).map(({ match, sort }) => [
      { $match: allOf(base, match) },
      { $sort: sort },
      { $limit: limit },
      ...project,
      { $project: { _id: 0, row: '$$ROOT' } },
    ]);
  }
  return [computedPipeline(order, base, bounds, limit, project)];
}

/** A list in the order of computed keys: all that `base` leaves, sorted. */
function computedPipeline(
  order: Order,
  base: Filter<Document>,
  bounds: Bounds,
  limit: number,
  project: Document[],
): Document[] {
  const sign = bounds.backward ? -1 : 1;
  const sort: Record<string, number> = {};
  order.keys.forEach(({ direction }, index) => {
    sort[`n${index}`] = sign;
    sort[`k${index}`] = direction * sign;
  });
  sort['row._id'] = order.keys.at(-1)!.direction * sign;
  const past = (['after', 'before'] as const).flatMap((side) => {
    const place = bounds[side];
    return place ? [pastInComputed(order, side, place)] : [];
  });
  return [
    { $match: base },
    ...project,
    { $project: { _id: 0, row: '$$ROOT', ...computedKeys(order) } },
    ...(past.length > 0 ? [{ $match: allOf(...past) }] : []),
    { $sort: sort },
    { $limit: limit },
  ];
}

/** The documents of a rank that most have, by id, as an index gives them; undefined where the bounds leave none. */
function mostRanked(
  { keys: [{ direction }] }: Order,
  { most: { rank, filter } }: Rank,
  base: Filter<Document>,
  bounds: Bounds,
  limit: number,
  project: Document[],
): Document[] | undefined {
  const past: Filter<Document>[] = [];
  for (const side of ['after', 'before'] as const) {
    const place = bounds[side];
    if (!place) continue;
    const operator = (direction === 1) === (side === 'after') ? '$gt' : '$lt';
    const isHighest = place.values[0] === rank;
    if (isHighest) past.push(idPast('_id', operator, place.id));
    else if (operator === '$lt') return undefined;
  }
  return [
    { $match: allOf(base, filter, ...past) },
    { $sort: { _id: bounds.backward ? -direction : direction } },
    { $limit: limit },
    ...project,
    { $project: { _id: 0, row: '$$ROOT', n0: { $literal: 0 }, k0: { $literal: rank } } },
  ];
}

/** The place of a row that one of `pipelinesOf`'s pipelines gave. */
export function positionOf(order: Order, result: Document): Position {
  const row = result.row as Document;
  const id = row._id as AnyId;
  if (order.computed) return { values: order.keys.map((_, index) => result[`k${index}`] as KeyValue), id };
  const [{ path, kind }] = order.keys;
  const value = path.split('.').reduce<unknown>((at, key) => (at as Document | null | undefined)?.[key], row);
  return { values: [isOfKind(value, kind) ? value : null], id };
}

/** Whether a value as the driver reads it is a key of the kind. */
function isOfKind(value: unknown, kind: KeyKind): value is KeyValue {
  if (kind === 'date') return value instanceof Date && !Number.isNaN(value.getTime());
  if (kind === 'string') return typeof value === 'string';
  if (value instanceof Long) return true;
  if (value instanceof Decimal128) return !Number.isNaN(Number(value.toString()));
  return typeof value === 'number' && !Number.isNaN(value);
}
