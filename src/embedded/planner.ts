import { ensure } from './errors';
import type { Variables } from './aggregate/expression';
import { conditionsOf, implies, isOpen, type Condition, type Conditions } from './conditions';
import type { Collection, Index } from './storage/catalog';
import { numberedRange, successor, TABLE } from './storage/keyspace';
import type { View } from './storage/view';
import { equal } from './values/compare';
import { encodeKey } from './values/keys';
import { show } from './values/show';
import { asNumber, isDoc, typeRank, TYPES, type Doc, type Value } from './values/value';

/** What is asked of a collection. */
export interface Query {
  filter: Doc;
  sort?: Doc | undefined;
  skip?: number | undefined;
  limit?: number | undefined;
  hint?: Value | undefined;
  /** The variables that the filter's $expr may name. */
  vars?: Variables | undefined;
}

/** A part of an index: start <= key < end. The first `prefix` bytes are the same in all its keys. */
export interface KeyRange {
  start: Buffer;
  end: Buffer;
  prefix: number;
  /** The values of the index's first fields in all its keys. */
  values: Value[];
}

export interface IndexPlan {
  stage: 'IXSCAN';
  index: Index;
  /** In the order of the index, apart from one another. */
  ranges: KeyRange[];
  reverse: boolean;
  /** The records come in the order that the query asks for. */
  sorted: boolean;
  /** The ranges are to be read side by side, in the order of what follows their prefixes. */
  merge: boolean;
  /** The last of the bounds only leaves values out, so that most keys may be within. */
  open: boolean;
  /** The bounds let no record through that the filter would not. */
  exact: boolean;
  /** For each leading field of the index that is bounded, its bounds as explain shows them. */
  bounds: string[][];
}

/** How a query's candidates are found. Unless they are exact, all are checked with the matcher: bounds may be too wide. */
export type Plan = { stage: 'COLLSCAN'; reverse: boolean; sorted: boolean; exact: boolean } | IndexPlan;

/** The most ranges that $in may be spread to. */
const MAX_RANGES = 1000;
/** The most ranges that are read side by side. */
const MAX_MERGED = 300;
/** Bounds are kept shorter than the shortest cut key, so that they lie on the right side of it. */
const MAX_BOUND = 1800;
/** How many keys are counted to compare two plans. */
const PROBE_KEYS = 500;
/** How many documents of an ordered scan are taken to be looked at for each that a filter lets through. */
const GUESSED_SELECTIVITY = 10;

/** Chooses how to find a query's candidates. Throws BadValue for a hint that names no index. */
export function plan(view: View, collection: Collection, query: Query): Plan {
  const usable = collection.indexes.filter((index) => index.readableFrom <= view.instant);
  const conditions = conditionsOf(query.filter, query.vars);
  const { hint, sort } = query;
  if (hint !== undefined && hint !== null && hint !== '' && !(isDoc(hint) && hint.size === 0))
    return hinted(usable, query, hint, conditions);
  const all = query.filter.size === 0;
  if (sort?.has('$natural')) return natural(sort.get('$natural'), true, all);
  const candidates = usable.flatMap((index) => indexPlan(index, query, conditions) ?? []);
  return cheapest(view, candidates, query, conditions.byPath.size) ?? natural(undefined, sort === undefined, all);
}

function hinted(usable: Index[], query: Query, hint: Value, conditions: Conditions): Plan {
  if (isDoc(hint) && hint.has('$natural'))
    return natural(hint.get('$natural'), query.sort === undefined, query.filter.size === 0);
  const index = usable.find((i) => (isDoc(hint) ? equal(i.key, hint) : i.name === hint));
  ensure(index, 'BadValue', 'planner returned error: hint provided does not correspond to an existing index');
  const holdsAll = !index.partial || implies(conditions.byPath, index.partial);
  ensure(holdsAll, 291, `The hinted partial index ${index.name} does not hold all documents that the query asks for`);
  return indexPlan(index, query, conditions, true) as IndexPlan;
}

function natural(direction: Value | undefined, sorted: boolean, exact: boolean): Plan {
  return { stage: 'COLLSCAN', reverse: asNumber(direction) === -1, sorted, exact };
}

/** The plan over one index, or undefined when the index is of no use (unless it is forced). */
function indexPlan(
  index: Index,
  query: Query,
  { byPath: conditions, whole }: Conditions,
  forced = false,
): IndexPlan | undefined {
  if (index.partial && !forced && !implies(conditions, index.partial)) return undefined;
  const { ranges, bounds, open, single, several } = spreadBounds(index, conditions);
  const plain = query.sort && orderOf(index, query.sort, single, index.unique);
  // Within each of several values the fields behind them are in order, so that reading side by side keeps that.
  const mergeable = query.sort && ranges.length <= MAX_MERGED && ![...query.sort.keys()].some((at) => several.has(at));
  const merged = mergeable ? orderOf(index, query.sort!, new Set([...single, ...several]), false) : undefined;
  const reverse = plain ?? merged;
  if (!forced) {
    if (bounds.length === 0 && reverse === undefined) return undefined;
    // A sparse index lacks documents; a bound that null is outside of shows that none of them is wanted.
    const first = conditions.get(index.paths[0]!);
    const nullable = first === undefined || isOpen(first) || first.points?.includes(null);
    if (index.sparse && (bounds.length === 0 || nullable)) return undefined;
  }
  const sorted = query.sort === undefined || reverse !== undefined;
  const merge = plain === undefined && merged !== undefined;
  // An array is under several keys, and cut keys stand for more than one value.
  const exact = whole && bounds.length === conditions.size && !index.multikey && !index.truncated;
  return { stage: 'IXSCAN', index, ranges, bounds, open, exact, reverse: reverse ?? false, sorted, merge };
}

/** A part of one field's encoded values: start <= value < end. */
interface Interval {
  start: Buffer;
  end: Buffer;
  shown: string;
  /** The value that it is for, when that is one and the index's next field is in order within it. */
  point?: string;
  value?: Value;
}

/**
 * Turns the conditions on an index's leading fields into ranges of its keys. `single` are the fields that are fixed to
 * one value, `several` those fixed to several.
 */
function spreadBounds(index: Index, conditions: Map<string, Condition>) {
  const bounds: string[][] = [];
  const [single, several] = [new Set<string>(), new Set<string>()];
  const roots = new Set<string>();
  let open = false;
  const [start, end] = numberedRange(TABLE.indexes, index.id);
  let ranges: KeyRange[] = [{ start, end, prefix: start.length, values: [] }];
  for (const [i, path] of index.paths.entries()) {
    const condition = conditions.get(path);
    const root = path.split('.', 1)[0]!;
    // In a multikey index two paths below one array may be met by different elements.
    if (condition === undefined || (index.multikey && roots.has(root))) break;
    roots.add(root);
    const intervals = intervalsOf(condition, index.directions[i]!, index.multikey);
    if (intervals === undefined || intervals.length * ranges.length > MAX_RANGES) break;
    const fixed = intervals.every(({ point }) => point !== undefined);
    // What follows the prefixes is compared with one another, so they all end before the same field.
    const spread = ranges.flatMap((range) =>
      intervals.map((part) => ({
        start: Buffer.concat([range.start, part.start]),
        end: Buffer.concat([range.start, part.end]),
        prefix: range.start.length + (fixed ? part.start.length : 0),
        values: part.value === undefined ? range.values : [...range.values, part.value],
      })),
    );
    if (spread.some((range) => Math.max(range.start.length, range.end.length) > MAX_BOUND)) break;
    ranges = spread;
    bounds.push(intervals.map(({ shown }) => shown));
    open = isOpen(condition);
    if (!fixed) break;
    (intervals.length === 1 ? single : several).add(path);
  }
  return { ranges, bounds, open, single, several };
}

/** The intervals of one field's encoded values that a condition leaves, in their order; undefined where it bounds nothing. */
function intervalsOf(
  { points, above, below, except }: Condition,
  direction: 1 | -1,
  multikey: boolean,
): Interval[] | undefined {
  if (points !== undefined) return pointIntervals(points, direction);
  // Different elements of an array may meet the two ends.
  const [low, high] = [above, multikey && above ? undefined : below];
  const value = (low ?? high)?.value;
  if (value === undefined) return except && intervalsBeside(pointIntervals(except, direction), direction);
  if (low && high && typeRank(low.value) !== typeRank(high.value)) return [];
  const [first, last] = direction === 1 ? [low, high] : [high, low];
  const type = encodeKey([value], [direction]).bytes.subarray(0, 1);
  const start = first && encodeKey([first.value], [direction]).bytes;
  const end = last && encodeKey([last.value], [direction]).bytes;
  const [from, to] = [start ?? type, end ?? successor(type)];
  const interval = {
    start: first?.inclusive === false ? successor(from) : from,
    end: last?.inclusive === true ? successor(to) : to,
    shown:
      `${low?.inclusive === false ? '(' : '['}${low ? show(low.value) : 'lowest'}, ` +
      `${high ? show(high.value) : 'highest'}${high?.inclusive === false ? ')' : ']'}`,
  };
  return interval.start.compare(interval.end) < 0 ? [interval] : [];
}

/** One interval for each of some values, in order and apart. */
function pointIntervals(values: Value[], direction: 1 | -1): Interval[] {
  const intervals = values.map((value) => pointInterval(value, direction));
  intervals.sort((a, b) => a.start.compare(b.start));
  return intervals.filter(({ start }, i) => i === 0 || !start.equals(intervals[i - 1]!.start));
}

/** All that lies between some points and beside them. */
function intervalsBeside(points: Interval[], direction: 1 | -1): Interval[] {
  const ends = direction === 1 ? ['[MinKey', 'MaxKey]'] : ['[MaxKey', 'MinKey]'];
  const starts = [Buffer.alloc(0), ...points.map(({ end }) => end)];
  const shown = [ends[0], ...points.map(({ point }) => `(${point}`)];
  const next = [...points, { start: Buffer.of(0xff), point: undefined }];
  const between = next.map(({ start: end, point }, i): Interval => {
    return { start: starts[i]!, end, shown: `${shown[i]}, ${point === undefined ? ends[1] : `${point})`}` };
  });
  return between.filter(({ start, end }) => start.compare(end) < 0);
}

function pointInterval(value: Value, direction: 1 | -1): Interval {
  const start = encodeKey([value], [direction]).bytes;
  const point = show(value);
  if (value !== null) return { start, end: successor(start), shown: `[${point}, ${point}]`, point, value };
  // An empty array is kept as undefined, just below null, and both may be meant by null.
  const ends = [TYPES.undefined.rank, TYPES.null.rank].map((rank) => (direction === 1 ? rank : ~rank & 0xff));
  const [least, greatest] = [Math.min(...ends), Math.max(...ends)];
  return { start: Buffer.of(least), end: Buffer.of(greatest + 1), shown: '[undefined, null]' };
}

/**
 * Whether an index is to be read backwards for a sort; undefined when it does not give that order. Fields with one
 * value, `fixed`, do not matter. When no two keys are equal (`distinct`), what the sort names beyond the index does not.
 */
function orderOf(index: Index, sort: Doc, fixed: ReadonlySet<string>, distinct: boolean): boolean | undefined {
  // An array sorts by its least or greatest element, and cut keys are not in exact order.
  if (index.multikey || index.truncated) return undefined;
  const wanted = [...sort].filter(([path]) => !fixed.has(path));
  const given = index.paths.flatMap((path, i) => (fixed.has(path) ? [] : [{ path, direction: index.directions[i] }]));
  let reverse: boolean | undefined;
  for (const [k, [path, value]] of wanted.entries()) {
    const field = given[k];
    if (field === undefined) return distinct ? (reverse ?? false) : undefined;
    const direction = asNumber(value);
    if (field.path !== path || (direction !== 1 && direction !== -1)) return undefined;
    const turned = direction !== field.direction;
    if (reverse !== undefined && turned !== reverse) return undefined;
    reverse = turned;
  }
  return reverse ?? false;
}

/** The plan that is thought to look at the fewest documents. */
function cheapest(view: View, candidates: IndexPlan[], query: Query, conditions: number): IndexPlan | undefined {
  if (candidates.length < 2) return candidates[0];
  const wanted = query.limit ? (query.skip ?? 0) + query.limit : Infinity;
  const costOf = (candidate: IndexPlan): number => {
    const bounded = candidate.bounds.length;
    const counted = bounded === 0 ? PROBE_KEYS : countKeys(view, candidate);
    const unknown = bounded === 0 || (candidate.open && counted === PROBE_KEYS);
    const keys = unknown ? PROBE_KEYS * 4 : counted;
    if (!candidate.sorted) return keys * 1.5;
    return Math.min(keys, bounded >= conditions ? wanted : wanted * GUESSED_SELECTIVITY);
  };
  const costs = candidates.map((candidate) => ({ candidate, cost: costOf(candidate) }));
  costs.sort((a, b) => a.cost - b.cost || b.candidate.bounds.length - a.candidate.bounds.length);
  return costs[0]!.candidate;
}

function countKeys(view: View, { ranges }: IndexPlan): number {
  let count = 0;
  for (const { start, end } of ranges)
    for (const entry of view.range(start, end)) {
      count += entry.key.length > 0 ? 1 : 0;
      if (count >= PROBE_KEYS) return count;
    }
  return count;
}
