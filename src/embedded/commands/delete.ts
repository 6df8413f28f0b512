import { MongoError, mongoError } from '../errors';
import { execute, newExecution } from '../query';
import { removeRecord } from '../storage/records';
import { decode } from '../values/codec';
import { asNumber, doc, int, isDoc, type Doc, type Value } from '../values/value';
import { checkBatchSize } from './insert';
import { boolField, collectionName, documentsOf, refuse, write, wrongType, type Command } from './invocation';
import { runStatements } from './write-errors';

const STATEMENT_FIELDS = ['q', 'limit', 'hint', 'collation'];

export const deleteCommand: Command = {
  fields: ['deletes', 'ordered', 'let'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const { body, db, transaction } = invocation;
    const name = collectionName(invocation);
    const statements = documentsOf(invocation, 'deletes').map(({ raw, document }) => document ?? decode(raw as Buffer));
    checkBatchSize(statements.length);
    const ordered = boolField(body, 'delete', 'ordered') ?? true;
    refuse(body, 'delete', ['let']);
    for (const statement of statements) checkStatement(statement);
    return write(invocation, (batch) => {
      const collection = batch.collection(`${db}.${name}`);
      let n = 0;
      const errors = runStatements(statements.length, ordered, transaction, (i) => {
        const statement = statements[i] as Doc;
        const filter = statement.get('q') as Doc;
        const query = { filter, limit: asNumber(statement.get('limit')) ?? 0, hint: statement.get('hint') };
        if (collection === undefined) return;
        for (const row of [...execute(batch.view, collection, query, newExecution(invocation.deadline))]) {
          removeRecord(batch, collection, row.record, row.document);
          n++;
        }
      });
      return doc({ n: int(n), writeErrors: errors.length > 0 ? errors : undefined });
    });
  },
};

function checkStatement(statement: Doc): void {
  for (const field of statement.keys()) {
    if (!STATEMENT_FIELDS.includes(field))
      throw new MongoError(40415, `BSON field 'delete.deletes.${field}' is an unknown field.`);
  }
  for (const field of ['q', 'limit']) {
    if (!statement.has(field))
      throw new MongoError(40414, `BSON field 'delete.deletes.${field}' is missing but a required field`);
  }
  if (!isDoc(statement.get('q'))) throw wrongType('delete.deletes', 'q', statement.get('q') as Value, 'object');
  const limit = asNumber(statement.get('limit'));
  if (limit !== 0 && limit !== 1) {
    throw mongoError('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  }
  refuse(statement, 'delete', ['collation']);
}
