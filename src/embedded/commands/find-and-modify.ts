import type { MongoError } from '../errors';
import { mongoError } from '../errors';
import { compileProjection } from '../project';
import { execute, newExecution } from '../query';
import type { Collection } from '../storage/catalog';
import { removeRecord } from '../storage/records';
import { compileUpdate } from '../update';
import { doc, int, type Doc, type Value } from '../values/value';
import { boolField, collectionName, docField, refuse, write, type Command } from './invocation';
import { applyUpdate, arrayFiltersOf, insertUpserted, noRows } from './update';

export const findAndModify: Command = {
  fields: [
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'arrayFilters',
    'hint',
    'bypassDocumentValidation',
    'collation',
    'let',
  ],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const { body, db, deadline } = invocation;
    const name = collectionName(invocation);
    refuse(body, 'findAndModify', ['bypassDocumentValidation', 'collation', 'let']);
    const filter = docField(body, 'findAndModify', 'query') ?? new Map<string, Value>();
    const remove = boolField(body, 'findAndModify', 'remove') ?? false;
    const upsert = boolField(body, 'findAndModify', 'upsert') ?? false;
    const returnNew = boolField(body, 'findAndModify', 'new') ?? false;
    const update = body.get('update');
    checkCombination(remove, update, upsert, returnNew);
    const change = update === undefined ? undefined : compileUpdate(update);
    const fields = docField(body, 'findAndModify', 'fields');
    const project = fields === undefined || fields.size === 0 ? (d: Doc) => d : compileProjection(fields);
    const options = { filter, arrayFilters: arrayFiltersOf(body) };
    const sort = docField(body, 'findAndModify', 'sort');
    const query = { filter, sort: sort?.size ? sort : undefined, limit: 1, hint: body.get('hint') };
    return write(invocation, (batch) => {
      const existing = batch.collection(`${db}.${name}`);
      const [row] = existing ? execute(batch.view, existing, query, newExecution(deadline)) : noRows(filter);
      if (change === undefined) {
        if (row) removeRecord(batch, existing as Collection, row.record, row.document);
        return reply(row ? project(row.document) : null, { n: row ? 1 : 0 });
      }
      if (row !== undefined) {
        const after = applyUpdate(batch, existing as Collection, row.record, row.document, change, options);
        return reply(project(returnNew ? (after ?? row.document) : row.document), { n: 1, updatedExisting: true });
      }
      if (!upsert) return reply(null, { n: 0, updatedExisting: false });
      const document = insertUpserted(batch, batch.ensureCollection(db, name), change, options);
      const upserted = document.get('_id') as Value;
      return reply(returnNew ? project(document) : null, { n: 1, updatedExisting: false, upserted });
    });
  },
};

function checkCombination(remove: boolean, update: Value | undefined, upsert: boolean, returnNew: boolean): void {
  const fail = (message: string): MongoError => mongoError('FailedToParse', message);
  if (remove && update !== undefined) throw fail("Cannot specify both an 'update' and 'remove'=true");
  if (remove && upsert) throw fail("Cannot specify both 'upsert'=true and 'remove'=true");
  if (remove && returnNew)
    throw fail("Cannot specify both 'new'=true and 'remove'=true; 'remove' always returns the deleted document");
  if (!remove && update === undefined) throw fail("Either an update or 'remove'=true must be specified");
}

function reply(value: Doc | null, last: { n: number; updatedExisting?: boolean; upserted?: Value }): Doc {
  const { n, updatedExisting, upserted } = last;
  return doc({ lastErrorObject: doc({ n: int(n), updatedExisting, upserted }), value });
}
