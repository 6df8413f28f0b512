import { ensure, mongoError } from './errors';
import { compileMatcher } from './match';
import { plan, type IndexPlan, type KeyRange, type Plan, type Query } from './planner';
import { compileSorter, type Sorter } from './sort';
import { keyOf, type Collection } from './storage/catalog';
import { numberedRange, recordOfBytes, recordOfDocumentKey, TABLE } from './storage/keyspace';
import type { Entry, View } from './storage/view';
import { decode, decodeFields } from './values/codec';
import { StoredDoc } from './values/stored-doc';
import { ObjectId, type Doc, type Value } from './values/value';

/** A stored document that a query found. */
export interface Row {
  record: number;
  bytes: Buffer;
  /** The decoded document, or those of its fields that were asked for. */
  document: Doc;
}

/** What a query cost, and when it must end (milliseconds since the epoch). */
export interface Execution {
  deadline: number;
  keysExamined: number;
  docsExamined: number;
}

export function newExecution(deadline = Infinity): Execution {
  return { deadline, keysExamined: 0, docsExamined: 0 };
}

/** Rows between two looks at the clock. */
const CLOCK_EVERY = 256;

/** Throws when a command's time is up. */
export function checkDeadline(execution: Execution): void {
  if (execution.deadline !== Infinity && Date.now() > execution.deadline) {
    throw mongoError('MaxTimeMSExpired', 'operation exceeded time limit');
  }
}

/**
 * The documents of a query, in its order, made as they are asked for; none where there is no collection. The plan and the
 * filter are checked at once. With `only`, the rows' documents hold just those top-level fields, among which must be
 * what filter and sort need.
 */
export function execute(
  view: View,
  collection: Collection | undefined,
  query: Query,
  execution: Execution,
  only?: ReadonlySet<string>,
): Iterable<Row> {
  const compiled = compileQuery(query);
  return collection ? rowsOf(view, collection, query, compiled, plan(view, collection, query), execution, only) : [];
}

/**
 * The documents of a query of which nothing but `fields` will be looked at, in its order. Where the chosen index holds
 * those as they are stored, no document is read.
 */
export function executeFields(
  view: View,
  collection: Collection | undefined,
  query: Query,
  execution: Execution,
  only: ReadonlySet<string> | undefined,
  fields: ReadonlySet<string> | undefined,
): Iterable<Doc> {
  const compiled = compileQuery(query);
  if (collection === undefined) return [];
  const chosen = plan(view, collection, query);
  const covering = fields && !query.sort ? coveringRanges(collection, chosen, fields) : undefined;
  if (covering) return sliced(covered(view, covering, execution), query.skip, query.limit);
  return documentsOf(rowsOf(view, collection, query, compiled, chosen, execution, only), fields);
}

/** What a query's filter and sort are compiled to. */
interface CompiledQuery {
  matches: (document: Doc) => boolean;
  sorter: Sorter | undefined;
}

function compileQuery({ filter, vars, sort }: Query): CompiledQuery {
  return {
    matches: compileMatcher(filter, vars),
    sorter: sort && !sort.has('$natural') ? compileSorter(sort) : undefined,
  };
}

function rowsOf(
  view: View,
  collection: Collection,
  { skip = 0, limit = 0 }: Query,
  { matches, sorter }: CompiledQuery,
  chosen: Plan,
  execution: Execution,
  only: ReadonlySet<string> | undefined,
): Iterable<Row> {
  const candidates = candidatesOf(view, collection, chosen, execution, only);
  const found = matching(candidates, chosen.exact ? undefined : matches, execution);
  const sorted = chosen.sorted || !sorter ? found : sorter.sort(found, (row) => row.document, limit ? skip + limit : 0);
  return sliced(sorted, skip, limit);
}

function* documentsOf(rows: Iterable<Row>, fields: ReadonlySet<string> | undefined): Generator<Doc> {
  for (const row of rows) yield new StoredDoc(row.bytes, fields);
}

function* matching(
  rows: Iterable<Row>,
  matches: ((document: Doc) => boolean) | undefined,
  execution: Execution,
): Generator<Row> {
  for (const row of rows) {
    if (execution.docsExamined % CLOCK_EVERY === 0) checkDeadline(execution);
    if (!matches || matches(row.document)) yield row;
  }
}

/** Ranges of keys, and what the documents of each have in the fields that are asked for. */
type Covering = { start: Buffer; end: Buffer; document: Doc }[];

/** The ranges of an exact plan whose keys tell all of `fields`; undefined where they don't. */
function coveringRanges(collection: Collection, chosen: Plan, fields: ReadonlySet<string>): Covering | undefined {
  if (!chosen.exact) return undefined;
  if (chosen.stage === 'COLLSCAN') {
    const [start, end] = numberedRange(TABLE.documents, collection.id);
    return fields.size === 0 ? [{ start, end, document: new Map() }] : undefined;
  }
  const { paths } = chosen.index;
  const documentOf = ({ values }: KeyRange): Doc | undefined => {
    const known = [...fields].map((field): [string, Value | undefined] => [field, values[paths.indexOf(field)]]);
    // Of other values, such as numbers, a key does not tell the type.
    const kept = known.every(([, value]) => typeof value === 'string' || value instanceof ObjectId);
    return kept ? new Map(known as [string, Value][]) : undefined;
  };
  const ranges = chosen.ranges.map((range) => ({ ...range, document: documentOf(range) }));
  return ranges.every(({ document }) => document !== undefined) ? (ranges as Covering) : undefined;
}

/** One document of each range for every key in it. */
function* covered(view: View, ranges: Covering, execution: Execution): Generator<Doc> {
  for (const { start, end, document } of ranges) {
    checkDeadline(execution);
    const count = view.count(start, end);
    execution.keysExamined += count;
    for (let n = 0; n < count; n++) yield document;
  }
}

/** skip and limit; a limit of 0 is none. */
function* sliced<T>(items: Iterable<T>, skip = 0, limit = 0): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ < skip) continue;
    yield item;
    if (limit > 0 && count >= skip + limit) return;
  }
}

/** All documents of a collection in the order they were inserted. */
export function scanAll(view: View, collection: Collection): Iterable<Row> {
  const whole: Plan = { stage: 'COLLSCAN', reverse: false, sorted: true, exact: true };
  return candidatesOf(view, collection, whole, newExecution());
}

/** The rows that a plan looks at, each once. */
function* candidatesOf(
  view: View,
  collection: Collection,
  chosen: Plan,
  execution: Execution,
  only?: ReadonlySet<string>,
): Generator<Row> {
  if (chosen.stage === 'COLLSCAN') {
    for (const { key, value } of view.range(...numberedRange(TABLE.documents, collection.id), chosen.reverse)) {
      execution.docsExamined++;
      yield new StoredRow(recordOfDocumentKey(key), value, only);
    }
    return;
  }
  const seen = chosen.index.multikey ? new Set<number>() : undefined;
  for (const { value } of entriesOf(view, chosen)) {
    execution.keysExamined++;
    const record = recordOfBytes(value);
    if (seen?.has(record)) continue;
    seen?.add(record);
    const bytes = view.get(keyOf(collection, record));
    ensure(bytes, 'InternalError', `An index of ${collection.ns} names a missing document`);
    execution.docsExamined++;
    yield new StoredRow(record, bytes, only);
  }
}

/** The entries of an index plan's ranges, one range after another or, to merge, by what follows their prefixes. */
function* entriesOf(view: View, { ranges, reverse, merge }: IndexPlan): Generator<Entry> {
  if (!merge) {
    for (const { start, end } of reverse ? [...ranges].reverse() : ranges) yield* view.range(start, end, reverse);
    return;
  }
  const sources = ranges.map(({ start, end, prefix }) => {
    const entries = view.range(start, end, reverse)[Symbol.iterator]();
    return { entries, prefix, head: entries.next() };
  });
  try {
    for (;;) {
      let next: { source: (typeof sources)[0]; rest: Buffer } | undefined;
      for (const source of sources) {
        if (source.head.done === true) continue;
        const rest = source.head.value.key.subarray(source.prefix);
        const order = next === undefined ? -1 : rest.compare(next.rest);
        if (next === undefined || (reverse ? order > 0 : order < 0)) next = { source, rest };
      }
      if (next === undefined) return;
      yield next.source.head.value as Entry;
      next.source.head = next.source.entries.next();
    }
  } finally {
    for (const { entries } of sources) entries.return?.();
  }
}

/** A document that is decoded when somebody looks into it. */
class StoredRow implements Row {
  private decoded: Doc | undefined;

  constructor(
    readonly record: number,
    readonly bytes: Buffer,
    private readonly only: ReadonlySet<string> | undefined,
  ) {}

  get document(): Doc {
    return (this.decoded ??= this.only ? decodeFields(this.bytes, this.only) : decode(this.bytes));
  }
}
