import { mongoError } from './errors';
import { compileMatcher } from './match';
import { plan, type IndexPlan, type KeyRange, type Plan, type Query } from './planner';
import { compileSorter } from './sort';
import { keyOf, type Collection } from './storage/catalog';
import { numberedRange, recordOfBytes, recordOfDocumentKey, TABLE } from './storage/keyspace';
import type { Entry, View } from './storage/view';
import { decode } from './values/codec';
import type { Doc } from './values/value';

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

/** How a query is carried out, where that is not as usual. */
export interface ExecuteOptions {
  plan?: Plan;
  /** The only top-level fields that the rows' documents need; all when undefined. Must hold what filter and sort need. */
  only?: ReadonlySet<string> | undefined;
}

/** The documents of a query, in its order, made as they are asked for. The plan and the filter are checked at once. */
export function execute(
  view: View,
  collection: Collection,
  query: Query,
  execution: Execution,
  options: ExecuteOptions = {},
): Iterable<Row> {
  const chosen = options.plan ?? plan(view, collection, query);
  // Compiled also where it is not needed: a bad filter is refused whatever the plan.
  const compiled = query.filter.size === 0 ? undefined : compileMatcher(query.filter);
  const matcher = chosen.stage === 'IXSCAN' && chosen.exact ? undefined : compiled;
  const reading = { view, collection, execution, only: options.only };
  const found = filtered(candidates(reading, chosen), matcher, execution);
  const sorted =
    query.sort === undefined || chosen.sorted ? found : sortRows(found, query.sort, query.skip, query.limit);
  return sliced(sorted, query.skip ?? 0, query.limit ?? 0);
}

/** What all parts of a query's execution read from. */
interface Reading {
  view: View;
  collection: Collection;
  execution: Execution;
  only: ReadonlySet<string> | undefined;
}

function* filtered(
  rows: Iterable<Row>,
  matcher: { matches(document: Doc): boolean } | undefined,
  execution: Execution,
): Generator<Row> {
  let count = 0;
  for (const row of rows) {
    if (++count % CLOCK_EVERY === 0) checkDeadline(execution);
    if (matcher === undefined || matcher.matches(row.document)) yield row;
  }
}

/** skip and limit; a limit of 0 is none. */
function* sliced(rows: Iterable<Row>, skip: number, limit: number): Generator<Row> {
  let count = 0;
  for (const row of rows) {
    if (count++ < skip) continue;
    yield row;
    if (limit > 0 && count >= skip + limit) return;
  }
}

/** Sorts in memory; with a limit, never holds much more than skip + limit rows. */
function* sortRows(rows: Iterable<Row>, sort: Doc, skip = 0, limit = 0): Generator<Row> {
  yield* compileSorter(sort).sort(rows, (row) => row.document, limit > 0 ? skip + limit : undefined);
}

function candidates(reading: Reading, chosen: Plan): Iterable<Row> {
  switch (chosen.stage) {
    case 'COLLSCAN':
      return scan(reading, chosen.reverse);
    case 'IXSCAN':
      return once(fetch(reading, indexRecords(reading, chosen)), chosen.repeats);
    case 'OR':
      return once(branches(reading, chosen.branches), true);
  }
}

function* branches(reading: Reading, plans: Plan[]): Generator<Row> {
  for (const branch of plans) yield* candidates(reading, branch);
}

/** All documents of a collection in the order they were inserted. */
export function* scanAll(view: View, collection: Collection): Generator<Row> {
  yield* scan({ view, collection, execution: newExecution(), only: undefined }, false);
}

function* scan({ view, collection, execution, only }: Reading, reverse: boolean): Generator<Row> {
  for (const { key, value } of view.range(...numberedRange(TABLE.documents, collection.id), reverse)) {
    execution.docsExamined++;
    yield new StoredRow(recordOfDocumentKey(key), value, only);
  }
}

function* indexRecords({ view, execution }: Reading, { ranges, reverse, merge }: IndexPlan): Generator<number> {
  const ordered = reverse ? [...ranges].reverse() : ranges;
  const entries = merge && ordered.length > 1 ? merged(view, ordered, reverse) : joined(view, ordered, reverse);
  for (const { value } of entries) {
    execution.keysExamined++;
    yield recordOfBytes(value);
  }
}

function* joined(view: View, ranges: KeyRange[], reverse: boolean): Generator<Entry> {
  for (const { start, end } of ranges) yield* view.range(start, end, reverse);
}

/** Reads several ranges side by side, in the order of what follows each range's prefix. */
function* merged(view: View, ranges: KeyRange[], reverse: boolean): Generator<Entry> {
  const sources = ranges.map((range) => ({
    prefix: range.prefix,
    iterator: view.range(range.start, range.end, reverse)[Symbol.iterator](),
  }));
  try {
    const heads = sources.map(({ iterator, prefix }) => head(iterator, prefix));
    for (;;) {
      let next = -1;
      for (let i = 0; i < heads.length; i++) {
        const [one, best] = [heads[i], heads[next]];
        if (one === undefined) continue;
        const order = best === undefined ? -1 : one.rest.compare(best.rest);
        if (reverse && best !== undefined ? order > 0 : order < 0) next = i;
      }
      const found = heads[next];
      const source = sources[next];
      if (found === undefined || source === undefined) return;
      yield found.entry;
      heads[next] = head(source.iterator, source.prefix);
    }
  } finally {
    for (const { iterator } of sources) iterator.return?.();
  }
}

function head(iterator: Iterator<Entry>, prefix: number): { entry: Entry; rest: Buffer } | undefined {
  const step = iterator.next();
  return step.done === true ? undefined : { entry: step.value, rest: step.value.key.subarray(prefix) };
}

function* fetch({ view, collection, execution, only }: Reading, records: Iterable<number>): Generator<Row> {
  for (const record of records) {
    const bytes = view.get(keyOf(collection, record));
    if (bytes === undefined) throw mongoError('InternalError', `An index of ${collection.ns} names a missing document`);
    execution.docsExamined++;
    yield new StoredRow(record, bytes, only);
  }
}

/** Drops rows that were there before, when there can be such. */
function* once(rows: Iterable<Row>, needed: boolean): Generator<Row> {
  const seen = new Set<number>();
  for (const row of rows) {
    if (needed) {
      if (seen.has(row.record)) continue;
      seen.add(row.record);
    }
    yield row;
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
    return (this.decoded ??= decode(this.bytes, this.only));
  }
}
