import { ensure } from '../errors';
import { compileMatcher } from '../match';
import { execute, newExecution, type Row } from '../query';
import type { Batch } from '../storage/batch';
import type { Collection } from '../storage/catalog';
import { insertRecord, newDocument, replaceRecord } from '../storage/records';
import { checkId, compileUpdate, type Update } from '../update';
import { doc, int, ObjectId, type Doc, type Value } from '../values/value';
import { boolField, collectionName, write, words, type Command, type Invocation } from './invocation';
import { runStatements, statementsOf } from './statements';

export const update: Command = {
  fields: ['updates', 'ordered'],
  refused: ['bypassDocumentValidation', 'let'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const name = collectionName(invocation);
    const known = { fields: words('q u multi upsert hint'), refused: words('arrayFilters collation c sort') };
    const statements = statementsOf(invocation, 'updates', 'u', known);
    return write(invocation, (batch) => {
      let [n, nModified] = [0, 0];
      const upserted: Value[] = [];
      const writeErrors = runStatements(invocation, statements, (statement, i) => {
        const done = runUpdate(batch, invocation, name, statement, (modified) => {
          n++;
          nModified += modified;
        });
        if (done !== undefined) upserted.push(doc({ index: int(i), _id: done }));
      });
      const inserted = upserted.length > 0 ? upserted : undefined;
      return doc({ n: int(n), upserted: inserted, nModified: int(nModified), writeErrors });
    });
  },
};

/** Carries out one statement; `tell` hears of each document. Returns the _id of an upserted document. */
function runUpdate(
  batch: Batch,
  { db, deadline }: Invocation,
  name: string,
  statement: Doc,
  tell: (modified: 0 | 1) => void,
): Value | undefined {
  const filter = statement.get('q') as Doc;
  const change = compileUpdate(statement.get('u') as Value);
  const multi = boolField(statement, 'update.updates', 'multi') ?? false;
  const upsert = boolField(statement, 'update.updates', 'upsert') ?? false;
  const replacesMany = multi && change.isReplacement;
  ensure(!replacesMany, 'FailedToParse', 'multi update is not supported for replacement-style update');
  const query = { filter, limit: multi ? 0 : 1, hint: statement.get('hint') };
  // All rows are found before the first is changed: a document must not meet its own change.
  const existing = batch.collection(`${db}.${name}`);
  const rows = existing ? [...execute(batch.view, existing, query, newExecution(deadline))] : noRows(filter);
  for (const row of rows) tell(applyUpdate(batch, existing!, row, change, filter) === undefined ? 0 : 1);
  if (rows.length > 0 || !upsert) return undefined;
  const document = insertUpserted(batch, batch.ensureCollection(db, name), change, filter);
  tell(0);
  return document.get('_id');
}

/** What a filter finds in a collection that does not exist: nothing, but a bad filter is still refused. */
export function noRows(filter: Doc): Row[] {
  compileMatcher(filter);
  return [];
}

/** Changes a stored document; returns it as it is now, or undefined when the update changes nothing. */
export function applyUpdate(
  batch: Batch,
  collection: Collection,
  row: Row,
  change: Update,
  filter: Doc,
): Doc | undefined {
  const before = row.document;
  const { after, changed, description } = change.apply(before, { now: new Date(), filter, isUpsertInsert: false });
  if (!changed) return undefined;
  const how = change.isReplacement
    ? ({ type: 'replace' } as const)
    : ({ type: 'update', description: description! } as const);
  replaceRecord(batch, collection, row.record, before, newDocument(after), how);
  return after;
}

/** Inserts what an upsert that matched nothing makes of its filter and its update. */
export function insertUpserted(batch: Batch, collection: Collection, change: Update, filter: Doc): Doc {
  const before: Doc | null = null;
  const { after } = change.apply(before, { now: new Date(), filter, isUpsertInsert: true });
  const document: Doc = new Map([['_id', after.get('_id') ?? new ObjectId()], ...after]);
  checkId(document.get('_id'), 'BadValue');
  insertRecord(batch, collection, newDocument(document));
  return document;
}
