import { mongoError } from '../errors';
import { insertRecord, newDocument, type NewDocument } from '../storage/records';
import { decode, encode } from '../values/codec';
import { BSONRegExp, doc, int, isDoc, ObjectId, Timestamp, Undefined, type Doc, type Value } from '../values/value';
import { boolField, collectionName, documentsOf, refuse, write, type Command } from './invocation';
import { runStatements } from './write-errors';

export const MAX_WRITE_BATCH = 100_000;

export const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  transactional: true,
  retryable: true,
  async run(invocation) {
    const { body, db, transaction } = invocation;
    const name = collectionName(invocation);
    const documents = documentsOf(invocation, 'documents');
    checkBatchSize(documents.length);
    const ordered = boolField(body, 'insert', 'ordered') ?? true;
    refuse(body, 'insert', ['bypassDocumentValidation']);
    const made = new Map<number, NewDocument>();
    return write(invocation, (batch) => {
      const collection = batch.ensureCollection(db, name);
      let n = 0;
      const errors = runStatements(documents.length, ordered, transaction, (i) => {
        const { raw, document } = documents[i] ?? {};
        // Made once: a repeat after waiting for a transaction must not give the document another _id.
        let added = made.get(i);
        if (added === undefined) made.set(i, (added = prepare(document ?? decode(raw as Buffer), raw)));
        insertRecord(batch, collection, added);
        n++;
      });
      return doc({ n: int(n), writeErrors: errors.length > 0 ? errors : undefined });
    });
  },
};

/** Refuses an empty or too long list of statements. */
export function checkBatchSize(count: number): void {
  if (count >= 1 && count <= MAX_WRITE_BATCH) return;
  const message = `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}. Got ${count} operations.`;
  throw mongoError('InvalidLength', message);
}

/** Checks a document for storage, gives it an _id, puts that first and fills in empty timestamps. */
function prepare(given: Doc, raw?: Buffer): NewDocument {
  let document = given;
  let changed = raw === undefined;
  checkId(document.get('_id'));
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

/** Refuses values that can't be an _id. */
export function checkId(id: Value | undefined): void {
  if (Array.isArray(id)) throw mongoError('BadValue', "can't use an array for _id");
  if (id instanceof BSONRegExp) throw mongoError('BadValue', "can't use a regex for _id");
  if (id instanceof Undefined) throw mongoError('BadValue', "can't use a undefined for _id");
  if (!isDoc(id)) return;
  for (const field of id.keys()) {
    if (field.startsWith('$'))
      throw mongoError(
        'DollarPrefixedFieldName',
        `_id fields may not contain '$'-prefixed fields: ${field} is not valid for storage.`,
      );
  }
}
