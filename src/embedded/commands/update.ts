import { ensure } from '../errors';
import { execute, newExecution, type Row } from '../query';
import type { Batch } from '../storage/batch';
import type { Collection } from '../storage/catalog';
import { insertRecord, newDocument, replaceRecord } from '../storage/records';
import { checkId, compileUpdate, type Update } from '../update';
import { doc, int, ObjectId, type Doc, type Value } from '../values/value';
import { boolField, collectionName, write, words, type Command, type Invocation } from './invocation';
import { runStatements, statementsOf } from './statements';

function updates(invocation: Invocation) {
  const known = { fields: words('q u multi upsert hint'), refused: words('arrayFilters collation c sort') };
  return statementsOf(invocation, 'updates', 'u', known).map((statement) => {
    const flag = (name: string): boolean => boolField(statement, 'update.updates', name) ?? false;
    const query = { filter: statement.get('q') as Doc, limit: flag('multi') ? 0 : 1, hint: statement.get('hint') };
    return { query, change: statement.get('u')!, upsert: flag('upsert') };
  });
}

export const update: Command = {
  fields: ['updates', 'ordered'],
  refused: ['bypassDocumentValidation', 'let'],
  transactional: true,
  retryable: true,
  reads: (invocation) => updates(invocation)[0]!,
  async run(invocation) {
    const { db, deadline } = invocation;
    const name = collectionName(invocation);
    const statements = updates(invocation);
    return write(invocation, (batch) => {
      let [n, nModified] = [0, 0];
      const upserted: Value[] = [];
      const writeErrors = runStatements(invocation, statements, ({ query, change: given, upsert }, i) => {
        const change = compileUpdate(given);
        const replacesMany = query.limit === 0 && change.isReplacement;
        ensure(!replacesMany, 'FailedToParse', 'multi update is not supported for replacement-style update');
        // All rows are found before the first is changed: a document must not meet its own change.
        const existing = batch.collection(`${db}.${name}`);
        const rows = [...execute(batch.view, existing, query, newExecution(deadline))];
        for (const row of rows) {
          if (applyUpdate(batch, existing!, row, change, query.filter) !== undefined) nModified++;
          n++;
        }
        if (rows.length > 0 || !upsert) return;
        const document = insertUpserted(batch, batch.ensureCollection(db, name), change, query.filter);
        upserted.push(doc({ index: int(i), _id: document.get('_id') }));
        n++;
      });
      const inserted = upserted.length > 0 ? upserted : undefined;
      return doc({ n: int(n), upserted: inserted, nModified: int(nModified), writeErrors });
    });
  },
};

/** Changes a stored document; returns it as it is now, or undefined when the update changes nothing. */
export function applyUpdate(
  batch: Batch,
  collection: Collection,
  row: Row,
  change: Update,
  filter: Doc,
): Doc | undefined {
  const before = row.document;
  const { after, changed, description } = change.apply(before, filter);
  if (!changed) return undefined;
  replaceRecord(batch, collection, row.record, before, newDocument(after), description);
  return after;
}

/** Inserts what an upsert that matched nothing makes of its filter and its update. */
export function insertUpserted(batch: Batch, collection: Collection, change: Update, filter: Doc): Doc {
  const nothing: Doc | null = null;
  const { after } = change.apply(nothing, filter);
  const document: Doc = new Map([['_id', after.get('_id') ?? new ObjectId()], ...after]);
  checkId(document.get('_id'), 'BadValue');
  insertRecord(batch, collection, newDocument(document));
  return document;
}
