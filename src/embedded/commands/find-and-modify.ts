import { ensure } from '../errors';
import { compileProjection } from '../project';
import { execute, newExecution } from '../query';
import { removeRecord } from '../storage/records';
import { compileUpdate } from '../update';
import { doc, int, type Doc, type Value } from '../values/value';
import { boolField, collectionName, docField, words, write, type Command } from './invocation';
import { applyUpdate, insertUpserted } from './update';

export const findAndModify: Command = {
  fields: words('query sort remove update new fields upsert hint'),
  refused: words('arrayFilters bypassDocumentValidation collation let'),
  transactional: true,
  retryable: true,
  reads({ body }) {
    const sort = docField(body, 'findAndModify', 'sort');
    const filter = docField(body, 'findAndModify', 'query') ?? new Map<string, Value>();
    return { query: { filter, sort: sort?.size ? sort : undefined, limit: 1, hint: body.get('hint') } };
  },
  async run(invocation) {
    const { body, db, deadline } = invocation;
    const name = collectionName(invocation);
    const { query } = findAndModify.reads!(invocation);
    const flag = (field: string): boolean => boolField(body, 'findAndModify', field) ?? false;
    const [remove, upsert, returnNew, update] = [flag('remove'), flag('upsert'), flag('new'), body.get('update')];
    ensure(remove || update !== undefined, 'FailedToParse', "Either an update or 'remove'=true must be specified");
    const contradicts = remove && (update !== undefined || upsert || returnNew);
    ensure(!contradicts, 'FailedToParse', "'remove'=true can't be combined with 'update', 'upsert' or 'new'");
    const change = update === undefined ? undefined : compileUpdate(update);
    const project = compileProjection(docField(body, 'findAndModify', 'fields') ?? new Map<string, Value>());
    return write(invocation, (batch) => {
      const existing = batch.collection(`${db}.${name}`);
      const [row] = execute(batch.view, existing, query, newExecution(deadline));
      if (change === undefined) {
        if (row) removeRecord(batch, existing!, row.record, row.document);
        return reply(row ? project(row.document) : null, { n: row ? 1 : 0 });
      }
      if (row !== undefined) {
        const after = applyUpdate(batch, existing!, row, change, query.filter);
        return reply(project(returnNew ? (after ?? row.document) : row.document), { n: 1, updatedExisting: true });
      }
      if (!upsert) return reply(null, { n: 0, updatedExisting: false });
      const document = insertUpserted(batch, batch.ensureCollection(db, name), change, query.filter);
      const upserted = document.get('_id') as Value;
      return reply(returnNew ? project(document) : null, { n: 1, updatedExisting: false, upserted });
    });
  },
};

function reply(value: Doc | null, last: { n: number; updatedExisting?: boolean; upserted?: Value }): Doc {
  const { n, updatedExisting, upserted } = last;
  return doc({ lastErrorObject: doc({ n: int(n), updatedExisting, upserted }), value });
}
