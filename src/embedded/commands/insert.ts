import { insertRecord, newDocument, type NewDocument } from '../storage/records';
import { checkId } from '../update';
import { encode } from '../values/encoder';
import { doc, int, ObjectId, Timestamp, type Doc, type Value } from '../values/value';
import { collectionName, documentsOf, write, type Command } from './invocation';
import { runStatements } from './statements';

export const insert: Command = {
  fields: ['documents', 'ordered'],
  refused: ['bypassDocumentValidation'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const name = collectionName(invocation);
    const documents = documentsOf(invocation, 'documents');
    const made = new Map<number, NewDocument>();
    return write(invocation, (batch) => {
      const collection = batch.ensureCollection(invocation.db, name);
      let n = 0;
      const writeErrors = runStatements(invocation, documents, ({ raw, document }, i) => {
        // Made once: a repeat after waiting for a transaction must not give the document another _id.
        let added = made.get(i);
        if (added === undefined) made.set(i, (added = prepare(document, raw)));
        insertRecord(batch, collection, added);
        n++;
      });
      return doc({ n: int(n), writeErrors });
    });
  },
};

/** Checks a document for storage, gives it an _id, puts that first and fills in empty timestamps. */
function prepare(given: Doc, raw?: Buffer): NewDocument {
  let document = given;
  let changed = raw === undefined;
  checkId(document.get('_id'), 'BadValue');
  if (document.keys().next().value !== '_id') {
    document = new Map<string, Value>([['_id', document.get('_id') ?? new ObjectId()], ...document]);
    changed = true;
  }
  for (const [field, value] of document) {
    if (!(value instanceof Timestamp) || !value.isZero()) continue;
    document.set(field, new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 }));
    changed = true;
  }
  return newDocument(document, changed ? encode(document) : raw);
}
