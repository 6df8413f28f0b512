import { MongoError, mongoError } from '../errors';
import { compileMatcher } from '../match';
import { execute, newExecution, type Row } from '../query';
import type { Batch } from '../storage/batch';
import type { Collection } from '../storage/catalog';
import { insertRecord, newDocument, replaceRecord } from '../storage/records';
import { compileUpdate, type Update } from '../update';
import { decode, encode } from '../values/codec';
import { doc, int, isDoc, ObjectId, type Doc, type Value } from '../values/value';
import { checkBatchSize, checkId } from './insert';
import { boolField, collectionName, documentsOf, refuse, write, wrongType, type Command } from './invocation';
import { runStatements } from './write-errors';

const STATEMENT_FIELDS = ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'hint', 'collation', 'c', 'sort'];

export const update: Command = {
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const { body, db, transaction } = invocation;
    const name = collectionName(invocation);
    const statements = documentsOf(invocation, 'updates').map(({ raw, document }) => document ?? decode(raw as Buffer));
    checkBatchSize(statements.length);
    const ordered = boolField(body, 'update', 'ordered') ?? true;
    refuse(body, 'update', ['bypassDocumentValidation', 'let']);
    for (const statement of statements) checkStatement(statement);
    return write(invocation, (batch) => {
      let [n, nModified] = [0, 0];
      const upserted: Value[] = [];
      const errors = runStatements(statements.length, ordered, transaction, (i) => {
        const done = runUpdate(batch, [db, name], statements[i] as Doc, invocation.deadline, (count, modified) => {
          n += count;
          nModified += modified;
        });
        if (done !== undefined) upserted.push(doc({ index: int(i), _id: done }));
      });
      return doc({
        n: int(n),
        upserted: upserted.length > 0 ? upserted : undefined,
        nModified: int(nModified),
        writeErrors: errors.length > 0 ? errors : undefined,
      });
    });
  },
};

function checkStatement(statement: Doc): void {
  for (const field of statement.keys()) {
    if (!STATEMENT_FIELDS.includes(field))
      throw new MongoError(40415, `BSON field 'update.updates.${field}' is an unknown field.`);
  }
  for (const field of ['q', 'u']) {
    if (!statement.has(field))
      throw new MongoError(40414, `BSON field 'update.updates.${field}' is missing but a required field`);
  }
  if (!isDoc(statement.get('q'))) throw wrongType('update.updates', 'q', statement.get('q') as Value, 'object');
  refuse(statement, 'update', ['collation', 'c', 'sort']);
}

/** Carries out one statement; `tell` gets what it matched and changed. Returns the _id of an upserted document. */
function runUpdate(
  batch: Batch,
  [db, name]: [string, string],
  statement: Doc,
  deadline: number,
  tell: (count: number, modified: number) => void,
): Value | undefined {
  const filter = statement.get('q') as Doc;
  const change = compileUpdate(statement.get('u') as Value);
  const multi = boolField(statement, 'update.updates', 'multi') ?? false;
  const upsert = boolField(statement, 'update.updates', 'upsert') ?? false;
  if (multi && change.isReplacement) {
    throw mongoError('FailedToParse', 'multi update is not supported for replacement-style update');
  }
  const arrayFilters = arrayFiltersOf(statement);
  const query = { filter, limit: multi ? 0 : 1, hint: statement.get('hint') };
  // All rows are found before the first is changed: a document must not meet its own change.
  const existing = batch.collection(`${db}.${name}`);
  const rows = existing ? [...execute(batch.view, existing, query, newExecution(deadline))] : noRows(filter);
  for (const row of rows) {
    const changed = applyUpdate(batch, existing as Collection, row.record, row.document, change, {
      filter,
      arrayFilters,
    });
    tell(1, changed === undefined ? 0 : 1);
  }
  if (rows.length > 0 || !upsert) return undefined;
  const document = insertUpserted(batch, batch.ensureCollection(db, name), change, { filter, arrayFilters });
  tell(1, 0);
  return document.get('_id');
}

/** What a filter finds in a collection that does not exist: nothing, but a bad filter is still refused. */
export function noRows(filter: Doc): Row[] {
  compileMatcher(filter);
  return [];
}

/** The filter and options that an update is applied with. */
export interface UpdateOptions {
  filter: Doc;
  arrayFilters?: Doc[] | undefined;
}

/** The arrayFilters option of a statement. */
export function arrayFiltersOf(statement: Doc): Doc[] | undefined {
  const value = statement.get('arrayFilters');
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every(isDoc)) throw wrongType('update.updates', 'arrayFilters', value, 'array');
  return value;
}

/** Changes a stored document; returns it as it is now, or undefined when the update changes nothing. */
export function applyUpdate(
  batch: Batch,
  collection: Collection,
  record: number,
  before: Doc,
  change: Update,
  { filter, arrayFilters }: UpdateOptions,
): Doc | undefined {
  const context = { now: new Date(), filter, isUpsertInsert: false, ...(arrayFilters ? { arrayFilters } : {}) };
  const { after, changed, description } = change.apply(before, context);
  if (!changed) return undefined;
  const { updatedFields, removedFields, truncatedArrays } = description;
  const how = change.isReplacement
    ? ({ type: 'replace' } as const)
    : ({ type: 'update', description: doc({ updatedFields, removedFields, truncatedArrays }) } as const);
  replaceRecord(batch, collection, record, before, newDocument(after), how);
  return after;
}

/** Inserts what an upsert that matched nothing makes of its filter and its update. */
export function insertUpserted(
  batch: Batch,
  collection: Collection,
  change: Update,
  { filter, arrayFilters }: UpdateOptions,
): Doc {
  const context = { now: new Date(), filter, isUpsertInsert: true, ...(arrayFilters ? { arrayFilters } : {}) };
  const nothing: Doc | null = null;
  const { after } = change.apply(nothing, context);
  const document: Doc = new Map([['_id', after.get('_id') ?? new ObjectId()], ...after]);
  checkId(document.get('_id'));
  insertRecord(batch, collection, newDocument(document, encode(document)));
  return document;
}
