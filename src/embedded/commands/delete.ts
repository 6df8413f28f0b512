import { ensure } from '../errors';
import { execute, newExecution } from '../query';
import { removeRecord } from '../storage/records';
import { asNumber, doc, int, type Doc } from '../values/value';
import { collectionName, write, type Command } from './invocation';
import { runStatements, statementsOf } from './statements';

export const deleteCommand: Command = {
  fields: ['deletes', 'ordered'],
  refused: ['let'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const ns = `${invocation.db}.${collectionName(invocation)}`;
    const known = { fields: ['q', 'limit', 'hint'], refused: ['collation'] };
    const statements = statementsOf(invocation, 'deletes', 'limit', known);
    for (const statement of statements) {
      const limit = asNumber(statement.get('limit'));
      ensure(limit === 0 || limit === 1, 'FailedToParse', `The limit of a delete must be 0 or 1. Got ${limit}`);
    }
    return write(invocation, (batch) => {
      const collection = batch.collection(ns);
      let n = 0;
      const writeErrors = runStatements(invocation, statements, (statement) => {
        const filter = statement.get('q') as Doc;
        const query = { filter, limit: asNumber(statement.get('limit')), hint: statement.get('hint') };
        const rows = collection ? execute(batch.view, collection, query, newExecution(invocation.deadline)) : [];
        for (const row of [...rows]) {
          removeRecord(batch, collection!, row.record, row.document);
          n++;
        }
      });
      return doc({ n: int(n), writeErrors });
    });
  },
};
