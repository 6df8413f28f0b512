import type { Engine } from '../engine';
import { MongoError, mongoError } from '../errors';
import type { Session } from '../session';
import type { Batch } from '../storage/batch';
import { checkCollectionName, checkDatabaseName } from '../storage/catalog';
import type { View } from '../storage/view';
import type { Transaction } from '../transaction';
import { asNumber, int, isDoc, isNumeric, typeName, type Doc, type Value } from '../values/value';

/** One command as it came in, with what it needs to be carried out. */
export interface Invocation {
  engine: Engine;
  name: string;
  db: string;
  body: Doc;
  /** Documents that came as raw sequences beside the body, by field. */
  sequences: Map<string, Buffer[]>;
  session: Session | undefined;
  /** The open transaction that the command is part of. */
  transaction: Transaction | undefined;
  /** Number of a retryable write outside of a transaction. */
  retryNumber: bigint | undefined;
  /** When its time is up, in milliseconds since the epoch; Infinity when it has no limit. */
  deadline: number;
  connectionId: number;
  /** host:port or socket path, as hello tells it. */
  address: string;
}

/** What a command answers: a document, and for cursors a batch of raw documents that is put in its place. */
export interface Reply {
  body: Doc;
  cursor?: { field: 'firstBatch' | 'nextBatch'; id: bigint; ns: string; documents: Buffer[]; extra?: Doc | undefined };
}

export interface Command {
  /** Its own fields beside those that every command may have. */
  fields: readonly string[];
  /** May be part of a transaction. */
  transactional?: boolean;
  /** May carry a txnNumber outside of a transaction. */
  retryable?: boolean;
  run(invocation: Invocation): Promise<Reply> | Reply;
}

/** Fields that drivers may add to any command; each is dealt with in dispatch.ts. */
const GENERIC_FIELDS: ReadonlySet<string> = new Set([
  '$db',
  'lsid',
  '$clusterTime',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'readConcern',
  'writeConcern',
  '$readPreference',
  'comment',
  'maxTimeMS',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
]);

/** Refuses fields that neither the command nor the protocol knows. */
export function checkFields(body: Doc, name: string, known: readonly string[]): void {
  for (const field of body.keys()) {
    if (field === name || GENERIC_FIELDS.has(field) || known.includes(field)) continue;
    throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
}

/** Refuses options that MongoDB has and the embedded database has not, unless they ask for nothing. */
export function refuse(body: Doc, command: string, options: readonly string[]): void {
  for (const option of options) {
    const value = body.get(option);
    if (value === undefined || value === null || value === false || (isDoc(value) && value.size === 0)) continue;
    throw mongoError('InvalidOptions', `The embedded database does not support the option ${option} of ${command}`);
  }
}

/** The collection that a command names as its own value. */
export function collectionName(invocation: Invocation): string {
  const name = invocation.body.get(invocation.name);
  checkDatabaseName(invocation.db);
  if (typeof name !== 'string') {
    const type = name === undefined ? 'missing' : typeName(name);
    throw mongoError('InvalidNamespace', `collection name has invalid type ${type}`);
  }
  checkCollectionName(invocation.db, name);
  return name;
}

/** An optional document field. */
export function docField(body: Doc, command: string, name: string): Doc | undefined {
  const value = body.get(name);
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw wrongType(command, name, value, 'object');
  return value;
}

/** An optional boolean field; numbers count as MongoDB counts them. */
export function boolField(body: Doc, command: string, name: string): boolean | undefined {
  const value = body.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (isNumeric(value)) return asNumber(value) !== 0;
  throw wrongType(command, name, value, 'bool');
}

/** An optional whole number field that must not be negative; `label` is how its message calls it. */
export function countField(body: Doc, command: string, name: string, label: string = name): number | undefined {
  const value = body.get(name);
  if (value === undefined || value === null) return undefined;
  const number = asNumber(value);
  if (number === undefined) throw wrongType(command, name, value, 'number');
  if (number < 0) throw mongoError('BadValue', `${label} value must be non-negative, but received: ${number}`);
  return Math.trunc(number);
}

/** An optional text field. */
export function stringField(body: Doc, command: string, name: string): string | undefined {
  const value = body.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(command, name, value, 'string');
  return value;
}

/** MongoDB's complaint about a field of the wrong type. */
export function wrongType(command: string, name: string, value: Value, wanted: string): MongoError {
  const message = `BSON field '${command}.${name}' is the wrong type '${typeName(value)}', expected type '${wanted}'`;
  return mongoError('TypeMismatch', message);
}

/** Documents of a command: from its raw sequence, or from the array in its body. */
export function documentsOf(invocation: Invocation, field: string): { raw?: Buffer; document?: Doc }[] {
  const raw = invocation.sequences.get(field);
  if (raw !== undefined) return raw.map((bytes) => ({ raw: bytes }));
  const list = invocation.body.get(field);
  if (list === undefined) {
    throw new MongoError(40414, `BSON field '${invocation.name}.${field}' is missing but a required field`);
  }
  if (!Array.isArray(list)) throw wrongType(invocation.name, field, list, 'array');
  return list.map((document, i) => {
    if (!isDoc(document)) throw wrongType(invocation.name, `${field}.${i}`, document, 'object');
    return { document };
  });
}

/** A view to read from, and how to let go of it. */
export function openView(invocation: Invocation): { view: View; release: () => void } {
  if (invocation.transaction !== undefined) {
    return { view: invocation.transaction.batch.view, release: invocation.transaction.retain() };
  }
  const snapshot = invocation.engine.snapshot();
  return { view: snapshot, release: () => snapshot.release() };
}

/** Carries out a write: within the open transaction, or as a commit of its own, retryable if it has a number. */
export async function write(invocation: Invocation, run: (batch: Batch) => Doc): Promise<Reply> {
  const { engine, session, transaction, retryNumber } = invocation;
  if (transaction !== undefined) return { body: run(transaction.batch) };
  const retryable =
    session === undefined || retryNumber === undefined
      ? undefined
      : { session, number: retryNumber, toDoc: (reply: Doc) => reply, fromDoc: (reply: Doc) => reply };
  return { body: await engine.write(run, invocation.deadline, retryable) };
}

/** A count as MongoDB answers it: int32 where it fits. */
export function countValue(n: number): Value {
  return n <= 0x7fffffff ? int(n) : BigInt(n);
}
