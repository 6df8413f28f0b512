import { ensure, mongoError } from './errors';
import { compileMatcher } from './match';
import { plan, type IndexPlan, type Plan, type Query } from './planner';
import { compileSorter } from './sort';
import { keyOf, type Collection } from './storage/catalog';
import { numberedRange, recordOfBytes, recordOfDocumentKey, TABLE } from './storage/keyspace';
import type { Entry, View } from './storage/view';
import { decode, decodeFields } from './values/codec';
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
  const { filter, sort, skip = 0, limit = 0, vars } = query;
  const matches = compileMatcher(filter, vars);
  const sorter = sort && !sort.has('$natural') ? compileSorter(sort) : undefined;
  if (collection === undefined) return [];
  const chosen = plan(view, collection, query);
  const candidates = candidatesOf(view, collection, chosen, execution, only);
  const found = matching(candidates, matches, execution);
  const sorted = chosen.sorted || !sorter ? found : sorter.sort(found, (row) => row.document, limit ? skip + limit : 0);
  return sliced(sorted, skip, limit);
}

function* matching(rows: Iterable<Row>, matches: (document: Doc) => boolean, execution: Execution): Generator<Row> {
  for (const row of rows) {
    if (execution.docsExamined % CLOCK_EVERY === 0) checkDeadline(execution);
    if (matches(row.document)) yield row;
  }
}

/** skip and limit; a limit of 0 is none. */
function* sliced<T>(items: Iterable<T>, skip: number, limit: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ < skip) continue;
    yield item;
    if (limit > 0 && count >= skip + limit) return;
  }
}

/** All documents of a collection in the order they were inserted. */
export function scanAll(view: View, collection: Collection): Iterable<Row> {
  return candidatesOf(view, collection, { stage: 'COLLSCAN', reverse: false, sorted: true }, newExecution());
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
