import { ensure } from './errors';
import { conditionsOf, implies, type Condition } from './conditions';
import type { Collection, Index } from './storage/catalog';
import { indexEntryKey, numberedRange, successor, TABLE } from './storage/keyspace';
import { cutKey } from './storage/records';
import { show } from './values/show';
import type { View } from './storage/view';
import { equal, RANK, typeRank } from './values/compare';
import { asNumber, isDoc, type Doc, type Value } from './values/value';

/** What is asked of a collection. */
export interface Query {
  filter: Doc;
  sort?: Doc | undefined;
  skip?: number | undefined;
  limit?: number | undefined;
  hint?: Value | undefined;
}

/** A part of an index: start <= key < end. `prefix` bytes are the same in all its keys. */
export interface KeyRange {
  start: Buffer;
  end: Buffer;
  prefix: number;
}

export interface IndexPlan {
  stage: 'IXSCAN';
  index: Index;
  /** In the order of the index, apart from one another. */
  ranges: KeyRange[];
  reverse: boolean;
  /** The records come in the order that the query asks for. */
  sorted: boolean;
  /** The ranges are to be read side by side, by what follows their prefixes. */
  merge: boolean;
  /** A document may come more than once. */
  repeats: boolean;
  /** All that is in the ranges meets the filter: it need not be checked. */
  exact: boolean;
  /** How many leading fields of the index are bounded. */
  bounded: number;
  /** The last of the bounds only leaves values out, so that most keys may be within. */
  open: boolean;
  /** Bounds by field, as explain shows them. */
  bounds: [string, string[]][];
}

/** How a query's candidates are found. All are checked with the matcher afterwards, so bounds may be too wide. */
export type Plan =
  | { stage: 'COLLSCAN'; reverse: boolean; sorted: boolean }
  | IndexPlan
  | { stage: 'OR'; branches: IndexPlan[]; sorted: boolean };

/** The most ranges that $in may be spread to, and that are read side by side. */
const MAX_RANGES = 1000;
const MAX_MERGED = 300;
/** How many keys are counted to compare two plans. */
const PROBE_KEYS = 500;
/** How many documents of an ordered scan are taken to be looked at for each that a filter lets through. */
const GUESSED_SELECTIVITY = 10;

/** Chooses how to find a query's candidates. Throws BadValue for a hint that names no index. */
export function plan(view: View, collection: Collection, query: Query): Plan {
  const usable = collection.indexes.filter((index) => index.readableFrom <= view.instant);
  if (query.hint !== undefined && !isEmptyHint(query.hint)) return hinted(usable, query, query.hint);
  if (query.sort?.has('$natural')) return natural(query.sort.get('$natural'), true);
  const conditions = conditionsOf(query.filter);
  const candidates = usable.flatMap((index) => indexPlan(index, query, conditions) ?? []);
  if (candidates.length > 0) return cheapest(view, candidates, query, conditions.size);
  return orPlan(usable, query) ?? { stage: 'COLLSCAN', reverse: false, sorted: query.sort === undefined };
}

function isEmptyHint(hint: Value): boolean {
  return hint === null || hint === '' || (isDoc(hint) && hint.size === 0);
}

function hinted(usable: Index[], query: Query, hint: Value): Plan {
  if (isDoc(hint) && hint.has('$natural')) {
    return natural(hint.get('$natural'), query.sort === undefined);
  }
  const index = usable.find((i) => (isDoc(hint) ? equal(i.key, hint) && sameOrder(i.key, hint) : i.name === hint));
  ensure(index, 'BadValue', 'planner returned error: hint provided does not correspond to an existing index');
  const conditions = conditionsOf(query.filter);
  const holdsAll = !index.partial || implies(conditions, index.partial);
  ensure(holdsAll, 291, `The hinted partial index ${index.name} does not hold all documents that the query asks for`);
  return indexPlan(index, query, conditions, true) as IndexPlan;
}

function natural(direction: Value | undefined, sorted: boolean): Plan {
  return { stage: 'COLLSCAN', reverse: asNumber(direction) === -1, sorted };
}

function sameOrder(a: Doc, b: Doc): boolean {
  return [...a.keys()].join('\0') === [...b.keys()].join('\0');
}

/** The plan over one index, or undefined when the index is of no use (unless it is forced). */
function indexPlan(
  index: Index,
  query: Query,
  conditions: Map<string, Condition>,
  forced = false,
): IndexPlan | undefined {
  if (index.paths.some((path) => /(^|\.)\d+(\.|$)/.test(path)) && !forced) return undefined;
  if (index.partial && !forced && !implies(conditions, index.partial)) return undefined;
  const spread = spreadBounds(index, conditions);
  const order = query.sort && orderOf(index, query.sort, spread);
  const bounded = spread.bounds.length;
  if (!forced) {
    if (bounded === 0 && order === undefined) return undefined;
    // A sparse index lacks documents; a bound that null is outside of shows that none of them is wanted.
    if (index.sparse && (bounded === 0 || spread.nullable)) return undefined;
  }
  const { ranges, bounds } = spread;
  const shown = index.paths.map((path, i): [string, string[]] => [path, bounds[i] ?? ['[MinKey, MaxKey]']]);
  return {
    stage: 'IXSCAN',
    index,
    ranges,
    repeats: index.multikey || spread.cut,
    exact: spread.exact === query.filter.size && [...query.filter.keys()].every((path) => !path.startsWith('$')),
    bounded,
    open: spread.open,
    bounds: shown,
    reverse: order?.reverse ?? false,
    merge: order?.merge ?? false,
    sorted: query.sort === undefined || order !== undefined,
  };
}

interface Spread {
  ranges: KeyRange[];
  /** Number of leading fields that are fixed to one or several values. */
  points: number;
  /** For each of them: fixed to exactly one. */
  single: boolean[];
  bounds: string[][];
  /** The first field's bound takes in null and missing. */
  nullable: boolean;
  /** How many of the conditions hold for all that is in the ranges. */
  exact: number;
  /** Some range is wider than it should be, and may overlap another. */
  cut: boolean;
  /** The last bound only leaves values out. */
  open: boolean;
}

/** Turns the conditions on an index's leading fields into ranges of its keys. */
function spreadBounds(index: Index, conditions: Map<string, Condition>): Spread {
  const [wholeStart, wholeEnd] = numberedRange(TABLE.indexes, index.id);
  let prefixes: Prefix[] = [{ bytes: Buffer.alloc(0), cut: false }];
  const spread: Spread = {
    ranges: [],
    points: 0,
    single: [],
    bounds: [],
    nullable: false,
    exact: 0,
    cut: false,
    open: false,
  };
  const roots = new Set<string>();
  for (const [i, path] of index.paths.entries()) {
    const condition = conditions.get(path);
    const direction = index.directions[i] as 1 | -1;
    const root = path.split('.', 1)[0] as string;
    // In a multikey index two paths below one array may be met by different elements.
    if (condition === undefined || (index.multikey && roots.has(root)) || prefixes.some((prefix) => prefix.cut)) break;
    roots.add(root);
    const points = condition.points;
    const nullable = points?.some((value) => value === null) ?? false;
    const open = isOpen(condition);
    if (i === 0) spread.nullable = nullable || open;
    if (points !== undefined && !nullable && points.length * prefixes.length <= MAX_RANGES) {
      prefixes = points.length === 0 ? [] : extend(prefixes, points, direction);
      spread.points++;
      if (condition.exact && !prefixes.some((prefix) => prefix.cut)) spread.exact++;
      spread.single.push(points.length === 1);
      spread.bounds.push(points.map((value) => `[${show(value)}, ${show(value)}]`));
      continue;
    }
    const sections = sectionsOf(condition, direction, index.multikey);
    if (sections === undefined || sections.length * prefixes.length > MAX_RANGES) break;
    spread.bounds.push(sections.map((section) => section.shown));
    const cut = prefixes.some(({ bytes }) =>
      sections.some((s) => s.cut || bytes.length + Math.max(s.start.length, s.end.length) > MAX_PREFIX - 5),
    );
    if (condition.exact && !index.multikey && !cut && points === undefined) spread.exact++;
    const keyed = prefixes.flatMap(({ bytes }) => {
      const prefix = indexEntryKey(index.id, bytes);
      return sections.map(({ start, end }): KeyRange => ({
        // Cut where it is longer than stored keys are.
        start: Buffer.concat([prefix, start]).subarray(0, MAX_PREFIX),
        end: upperKey(Buffer.concat([prefix, end])),
        prefix: prefix.length,
      }));
    });
    return { ...spread, ranges: keyed, cut, open };
  }
  if (spread.points === 0)
    return { ...spread, ranges: [{ start: wholeStart, end: wholeEnd, prefix: wholeStart.length }] };
  const ranges = prefixes.map(({ bytes }): KeyRange => {
    const start = indexEntryKey(index.id, bytes);
    return { start, end: successor(start), prefix: start.length };
  });
  return { ...spread, ranges };
}

function extend(prefixes: Prefix[], points: Value[], direction: 1 | -1): Prefix[] {
  const encoded = points.map((value) => prefixOf(value, direction));
  encoded.sort((a, b) => a.bytes.compare(b.bytes));
  const joined = prefixes.flatMap((prefix) =>
    encoded.map(({ bytes, cut }) => {
      const whole = Buffer.concat([prefix.bytes, bytes]);
      return { bytes: whole.subarray(0, MAX_PREFIX), cut: cut || whole.length > MAX_PREFIX };
    }),
  );
  return joined.filter((key, i) => i === 0 || !key.bytes.equals(joined[i - 1]?.bytes as Buffer));
}

/** A key to end before; where it is cut, all that start with it are taken in. */
function upperKey(key: Buffer): Buffer {
  return key.length <= MAX_PREFIX ? key : successor(key.subarray(0, MAX_PREFIX));
}

/** Prefixes are kept shorter than the shortest cut key, so that a cut key still starts with its prefix. */
const MAX_PREFIX = 1800;

/** The encoding of an index's first fields, or as much of it as fits. */
interface Prefix {
  bytes: Buffer;
  cut: boolean;
}

interface Section {
  start: Buffer;
  end: Buffer;
  shown: string;
  /** It is wider than the condition, for keys that are too long. */
  cut: boolean;
}

/** Ranges of one field's encoded values for a condition that is no plain list of values. */
function sectionsOf(condition: Condition, direction: 1 | -1, multikey: boolean): Section[] | undefined {
  if (condition.points !== undefined) return pointSections(condition.points, direction);
  const { above, below, except } = condition;
  if (isOpen(condition)) return sectionsBetween(except ?? [], direction);
  if (above === undefined && below === undefined) return undefined;
  // Different elements of an array may meet the two ends.
  const low = above;
  const high = multikey && above !== undefined ? undefined : below;
  if (low && high && typeRank(low.value) !== typeRank(high.value)) return [];
  const type = Buffer.of(typeByte((low ?? high)?.value as Value, direction));
  let [start, end]: [Buffer, Buffer] = [type, successor(type)];
  const after = direction === 1 ? low : high;
  const before = direction === 1 ? high : low;
  let cut = false;
  if (after) {
    const key = prefixOf(after.value, direction);
    start = after.inclusive || key.cut ? key.bytes : successor(key.bytes);
    cut ||= key.cut;
  }
  if (before) {
    const key = prefixOf(before.value, direction);
    end = before.inclusive || key.cut ? successor(key.bytes) : key.bytes;
    cut ||= key.cut;
  }
  const [opens, closes] = [low?.inclusive === false ? '(' : '[', high?.inclusive === false ? ')' : ']'];
  const shown = `${opens}${low ? show(low.value) : 'lowest'}, ${high ? show(high.value) : 'highest'}${closes}`;
  return start.compare(end) < 0 ? [{ start, end, shown, cut }] : [];
}

/** A value's encoding, or as much of it as all keys that hold it start with. */
function prefixOf(value: Value, direction: 1 | -1): Prefix {
  const { bytes, truncated } = cutKey([value], [direction]);
  return { bytes: bytes.subarray(0, MAX_PREFIX), cut: truncated || bytes.length > MAX_PREFIX };
}

function typeByte(value: Value, direction: 1 | -1): number {
  const rank = typeRank(value);
  return direction === 1 ? rank : ~rank & 0xff;
}

/** Whether a condition says no more of a path than which values it does not have. */
function isOpen({ points, above, below, except }: Condition): boolean {
  return except !== undefined && (points ?? above ?? below) === undefined;
}

/** Above every encoded value, in either direction. */
const ABOVE_ALL = Buffer.of(0xff);

/** All that lies between these values and beside them. A value that is too long for a key is not left out. */
function sectionsBetween(values: Value[], direction: 1 | -1): Section[] {
  const ends = direction === 1 ? ['MinKey', 'MaxKey'] : ['MaxKey', 'MinKey'];
  const points = values
    .map((value) => ({ ...pointSection(value, direction), text: show(value) }))
    .filter(({ cut }) => !cut)
    .sort((a, b) => a.start.compare(b.start));
  const sections: Section[] = [];
  let [start, from]: [Buffer, string] = [Buffer.alloc(0), `[${ends[0]}`];
  for (const { start: end, end: next, text } of points) {
    if (start.compare(end) < 0) sections.push({ start, end, shown: `${from}, ${text})`, cut: false });
    [start, from] = [next, `(${text}`];
  }
  return [...sections, { start, end: ABOVE_ALL, shown: `${from}, ${ends[1]}]`, cut: false }];
}

function pointSections(points: Value[], direction: 1 | -1): Section[] {
  const sections = points.map((value) => pointSection(value, direction)).sort((a, b) => a.start.compare(b.start));
  return sections.filter((section, i) => i === 0 || !section.start.equals(sections[i - 1]?.start as Buffer));
}

function pointSection(value: Value, direction: 1 | -1): Section {
  if (value !== null) {
    const { bytes, cut } = prefixOf(value, direction);
    return { start: bytes, end: successor(bytes), shown: `[${show(value)}, ${show(value)}]`, cut };
  }
  // An empty array is kept as undefined, just below null, and both may be meant by null.
  const ends = [RANK.missing, RANK.null].map((rank) => (direction === 1 ? rank : ~rank & 0xff));
  const start = Buffer.of(Math.min(...ends));
  return { start, end: Buffer.of(Math.max(...ends) + 1), shown: '[undefined, null]', cut: false };
}

/** Whether an index gives a sort's order, and how it is then to be read. */
function orderOf(index: Index, sort: Doc, spread: Spread): { reverse: boolean; merge: boolean } | undefined {
  // An array sorts by its least or greatest element, and cut keys are not in exact order.
  if (index.multikey || index.truncated) return undefined;
  const singles = new Set(index.paths.filter((_, i) => i < spread.points && spread.single[i] === true));
  const plain = follows(index, sort, singles, index.unique);
  if (plain !== undefined) return { reverse: plain, merge: false };
  const points = new Set(index.paths.slice(0, spread.points));
  const sortsByPoints = [...sort.keys()].some((path) => points.has(path) && !singles.has(path));
  if (spread.ranges.length > MAX_MERGED || sortsByPoints) return undefined;
  const merged = follows(index, sort, points, false);
  return merged === undefined ? undefined : { reverse: merged, merge: true };
}

/**
 * True or false: the index follows the sort, reversed or not, when the `fixed` paths are left out. Undefined: it does
 * not. With `distinct` no two keys are equal, so what the sort names beyond the index does not matter.
 */
function follows(index: Index, sort: Doc, fixed: ReadonlySet<string>, distinct: boolean): boolean | undefined {
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
function cheapest(view: View, candidates: IndexPlan[], query: Query, conditions: number): Plan {
  if (candidates.length === 1) return candidates[0] as IndexPlan;
  const wanted = query.limit ? (query.skip ?? 0) + query.limit : Infinity;
  const costs = candidates.map((candidate) => {
    const counted = candidate.bounded === 0 ? PROBE_KEYS : countKeys(view, candidate);
    const unknown = candidate.bounded === 0 || (candidate.open && counted === PROBE_KEYS);
    const keys = unknown ? PROBE_KEYS * 4 : counted;
    if (!candidate.sorted) return keys * 1.5;
    const looked = candidate.bounded >= conditions ? wanted : wanted * GUESSED_SELECTIVITY;
    return Math.min(keys, looked);
  });
  let best = 0;
  for (let i = 1; i < candidates.length; i++) {
    const [cost, least] = [costs[i] as number, costs[best] as number];
    const more = (candidates[i] as IndexPlan).bounded > (candidates[best] as IndexPlan).bounded;
    if (cost < least || (cost === least && more)) best = i;
  }
  return candidates[best] as IndexPlan;
}

function countKeys(view: View, { ranges }: IndexPlan): number {
  let count = 0;
  for (const range of ranges) {
    for (const entry of view.range(range.start, range.end)) {
      count += entry.key.length > 0 ? 1 : 0;
      if (count >= PROBE_KEYS) return count;
    }
  }
  return count;
}

/** When every branch of an $or has an index of its own, they are read one after another. */
function orPlan(usable: Index[], query: Query): Plan | undefined {
  const branches = query.filter.get('$or');
  if (!Array.isArray(branches) || branches.length === 0 || !branches.every(isDoc)) return undefined;
  const plans: IndexPlan[] = [];
  for (const branch of branches) {
    const conditions = conditionsOf(branch);
    const found = usable
      .flatMap((index) => indexPlan(index, { filter: branch }, conditions) ?? [])
      .sort((a, b) => b.bounded - a.bounded);
    if (found[0] === undefined) return undefined;
    plans.push(found[0]);
  }
  return { stage: 'OR', branches: plans, sorted: query.sort === undefined };
}
