import { neededFields } from '../aggregate/needed-fields';
import { IterableSource, type Batch } from '../cursors';
import { compileProjection } from '../project';
import { execute, newExecution } from '../query';
import type { Query } from '../planner';
import type { View } from '../storage/view';
import { encode } from '../values/encoder';
import { StoredDoc } from '../values/stored-doc';
import { doc, type Doc, type Value } from '../values/value';
import { boolField, collectionName, collectionOf, countField, docField, openView, withView, words } from './invocation';
import type { Command, Invocation, Reply } from './invocation';

/** Documents of a first batch whose size nobody gave. */
export const FIRST_BATCH = 101;

export const find: Command = {
  fields: words(
    'filter sort projection skip limit batchSize singleBatch hint noCursorTimeout allowDiskUse allowPartialResults',
  ),
  refused: words('collation min max returnKey showRecordId tailable awaitData let oplogReplay'),
  transactional: true,
  reads({ body }) {
    const sort = docField(body, 'find', 'sort');
    const filter = docField(body, 'find', 'filter') ?? new Map<string, Value>();
    const [skip, limit] = [countField(body, 'find', 'skip', 'Skip'), countField(body, 'find', 'limit', 'Limit')];
    return { query: { filter, sort: sort?.size ? sort : undefined, skip, limit, hint: body.get('hint') } };
  },
  run(invocation) {
    const { body, db } = invocation;
    const ns = `${db}.${collectionName(invocation)}`;
    const { query } = find.reads!(invocation);
    const projection = docField(body, 'find', 'projection');
    const batchSize = countField(body, 'find', 'batchSize', 'BatchSize') ?? FIRST_BATCH;
    const singleBatch = boolField(body, 'find', 'singleBatch') ?? false;
    const project = projection?.size ? compileProjection(projection) : undefined;
    const collection = collectionOf(invocation, ns);
    return openCursor(invocation, ns, { batchSize, singleBatch }, (view) => {
      const rows = execute(view, collection, query, newExecution(invocation.deadline), fieldsRead(query));
      return project ? projected(rows, project) : rawBytes(rows);
    });
  },
};

/** Calls `visit` with each document of a query, of which only what the query reads and the field at `path` are needed. */
export function eachRow(invocation: Invocation, query: Query, visit: (document: Doc) => void, path?: string): void {
  const collection = collectionOf(invocation, `${invocation.db}.${collectionName(invocation)}`);
  const only = new Set([...fieldsRead(query)!, ...(path === undefined ? [] : [path.split('.')[0]!])]);
  withView(invocation, (view) => {
    for (const row of execute(view, collection, query, newExecution(invocation.deadline), only)) visit(row.document);
  });
}

/** Answers the first batch of documents that are read from a view, which is held until the cursor's end. */
export function openCursor(
  invocation: Invocation,
  ns: string,
  { batchSize, singleBatch = false }: { batchSize: number; singleBatch?: boolean },
  read: (view: View) => Iterable<Buffer>,
): Reply {
  const { view, release } = openView(invocation);
  let close = release;
  try {
    const source = new IterableSource(read(view), release);
    close = () => source.close();
    return firstBatch(invocation, ns, source, batchSize, singleBatch);
  } catch (error) {
    close();
    throw error;
  }
}

/** The fields that must be decoded to find and sort the documents; all of them when undefined. */
export function fieldsRead({ filter, sort }: Query): ReadonlySet<string> | undefined {
  return neededFields([doc({ $match: filter }), doc({ $sort: sort ?? new Map() }), doc({ $count: 'n' })]);
}

/** The first batch of a cursor, which stays open when there is more. */
export function firstBatch(
  invocation: Invocation,
  ns: string,
  source: IterableSource,
  batchSize: number,
  singleBatch: boolean,
): Reply {
  const batch: Batch = source.next(batchSize);
  const done = batch.exhausted || singleBatch;
  if (done) source.close();
  const { transaction, engine } = invocation;
  const patient = boolField(invocation.body, invocation.name, 'noCursorTimeout') ?? false;
  const id = done ? 0n : engine.cursors.add(ns, source, { transaction, patient }).id;
  return { body: new Map(), cursor: { field: 'firstBatch', id, ns, documents: batch.documents } };
}

/** Documents as they are stored. */
export function* rawBytes(rows: Iterable<{ bytes: Buffer }>): Generator<Buffer> {
  for (const row of rows) yield row.bytes;
}

function* projected(rows: Iterable<{ bytes: Buffer }>, project: (document: Doc) => Doc): Generator<Buffer> {
  for (const row of rows) yield encode(project(new StoredDoc(row.bytes)));
}
