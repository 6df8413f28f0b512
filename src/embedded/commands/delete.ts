import { ensure } from '../errors';
import { execute, newExecution } from '../query';
import { removeRecord } from '../storage/records';
import { asNumber, doc, int, type Doc } from '../values/value';
import { collectionName, write, type Command, type Invocation } from './invocation';
import { runStatements, statementsOf } from './statements';

function deletions(invocation: Invocation) {
  const known = { fields: ['q', 'limit', 'hint'], refused: ['collation'] };
  return statementsOf(invocation, 'deletes', 'limit', known).map((statement) => {
    const limit = asNumber(statement.get('limit'));
    ensure(limit === 0 || limit === 1, 'FailedToParse', `The limit of a delete must be 0 or 1. Got ${limit}`);
    return { filter: statement.get('q') as Doc, limit, hint: statement.get('hint') };
  });
}

export const deleteCommand: Command = {
  fields: ['deletes', 'ordered'],
  refused: ['let'],
  transactional: true,
  retryable: true,
  reads: (invocation) => ({ query: deletions(invocation)[0]! }),
  async run(invocation) {
    const ns = `${invocation.db}.${collectionName(invocation)}`;
    const queries = deletions(invocation);
    return write(invocation, (batch) => {
      const collection = batch.collection(ns);
      let n = 0;
      const writeErrors = runStatements(invocation, queries, (query) => {
        for (const row of [...execute(batch.view, collection, query, newExecution(invocation.deadline))]) {
          removeRecord(batch, collection!, row.record, row.document);
          n++;
        }
      });
      return doc({ n: int(n), writeErrors });
    });
  },
};
