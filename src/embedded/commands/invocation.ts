import type { Engine } from '../engine';
import { ensure, MongoError, mongoError } from '../errors';
import type { Query } from '../planner';
import type { Session } from '../session';
import type { Batch } from '../storage/batch';
import { checkCollectionName, checkDatabaseName, type Collection } from '../storage/catalog';
import type { View } from '../storage/view';
import type { Transaction } from '../transaction';
import { decode } from '../values/codec';
import { asNumber, isDoc, isNumeric, typeName, type Doc, type Value } from '../values/value';

/** The most statements of one write command. */
export const MAX_WRITE_BATCH = 100_000;

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
  /** Fields that MongoDB has and that are refused, unless they ask for nothing. */
  refused?: readonly string[];
  /** May be part of a transaction. */
  transactional?: boolean;
  /** May carry a txnNumber outside of a transaction. */
  retryable?: boolean;
  /** What it reads, or its first statement does, and the stages that come after that; for itself and for explain. */
  reads?(invocation: Invocation): { query: Query; stages?: Value[] };
  run(invocation: Invocation): Promise<Reply> | Reply;
}

/** A list of names, written as a text. */
export function words(text: string): string[] {
  return text.split(' ');
}

/** Fields that drivers may add to any command; each is dealt with in dispatch.ts. */
const GENERIC_FIELDS = words(
  '$db lsid $clusterTime txnNumber autocommit startTransaction readConcern writeConcern $readPreference comment ' +
    'maxTimeMS apiVersion apiStrict apiDeprecationErrors',
);

/** Refuses fields that neither the command nor the protocol knows, and options that are not served. */
export function checkFields(
  body: Doc,
  name: string,
  { fields, refused = [] }: Pick<Command, 'fields' | 'refused'>,
): void {
  for (const [field, value] of body) {
    if (refused.includes(field)) {
      const asksNothing = value === null || value === false || (isDoc(value) && value.size === 0);
      ensure(asksNothing, 'InvalidOptions', `The embedded database does not support the option ${field} of ${name}`);
    } else if (field !== name && !fields.includes(field) && !GENERIC_FIELDS.includes(field))
      throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
}

/** A field that must be there. */
export function required(body: Doc, command: string, field: string): Value {
  const value = body.get(field);
  ensure(value !== undefined, 40414, `BSON field '${command}.${field}' is missing but a required field`);
  return value;
}

/** The collection that a command names as its own value. */
export function collectionName({ body, name, db }: Invocation): string {
  const collection = body.get(name);
  checkDatabaseName(db);
  checkCollectionName(db, collection);
  return collection;
}

/** An optional field, as `read` makes it of its value; undefined of that is the wrong type. */
function optional<T>(
  body: Doc,
  command: string,
  name: string,
  wanted: string,
  read: (value: Value) => T | undefined,
): T | undefined {
  const value = body.get(name);
  if (value === undefined || value === null) return undefined;
  const result = read(value);
  if (result === undefined) throw wrongType(command, name, value, wanted);
  return result;
}

/** An optional document field. */
export function docField(body: Doc, command: string, name: string): Doc | undefined {
  return optional(body, command, name, 'object', (value) => (isDoc(value) ? value : undefined));
}

/** An optional boolean field; numbers count as MongoDB counts them. */
export function boolField(body: Doc, command: string, name: string): boolean | undefined {
  return optional(body, command, name, 'bool', (value) =>
    typeof value === 'boolean' ? value : isNumeric(value) ? asNumber(value) !== 0 : undefined,
  );
}

/** An optional whole number field that must not be negative; `label` is how its message calls it. */
export function countField(body: Doc, command: string, name: string, label: string = name): number | undefined {
  const number = optional(body, command, name, 'number', asNumber);
  ensure(!(number! < 0), 'BadValue', `${label} value must be non-negative, but received: ${number}`);
  return number && Math.trunc(number);
}

/** An optional text field. */
export function stringField(body: Doc, command: string, name: string): string | undefined {
  return optional(body, command, name, 'string', (value) => (typeof value === 'string' ? value : undefined));
}

/** MongoDB's complaint about a field of the wrong type. */
export function wrongType(command: string, name: string, value: Value, wanted: string): MongoError {
  const message = `BSON field '${command}.${name}' is the wrong type '${typeName(value)}', expected type '${wanted}'`;
  return mongoError('TypeMismatch', message);
}

/** Documents of a command: from its raw sequence, or from the array in its body; at least one. */
export function documentsOf(invocation: Invocation, field: string): { raw?: Buffer; document: Doc }[] {
  const { name, sequences, body } = invocation;
  const list = sequences.get(field) ?? required(body, name, field);
  if (!Array.isArray(list)) throw wrongType(name, field, list, 'array');
  const fits = list.length >= 1 && list.length <= MAX_WRITE_BATCH;
  ensure(fits, 'InvalidLength', `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}, not ${list.length}`);
  return list.map((item, i) => {
    if (Buffer.isBuffer(item)) return { raw: item, document: decode(item) };
    if (!isDoc(item)) throw wrongType(name, `${field}.${i}`, item, 'object');
    return { document: item };
  });
}

/** The collection of a namespace, as the command's transaction sees it. */
export function collectionOf({ transaction, engine }: Invocation, ns: string): Collection | undefined {
  return transaction?.batch.collection(ns) ?? engine.catalog.get(ns);
}

/** A view to read from, and how to let go of it. */
export function openView({ transaction, engine }: Invocation): { view: View; release: () => void } {
  if (transaction !== undefined) return { view: transaction.batch.view, release: transaction.retain() };
  const snapshot = engine.snapshot();
  return { view: snapshot, release: () => snapshot.release() };
}

/** Reads from a view that is let go of afterwards. */
export function withView<T>(invocation: Invocation, read: (view: View) => T): T {
  const { view, release } = openView(invocation);
  try {
    return read(view);
  } finally {
    release();
  }
}

/** Carries out a write: within the open transaction, or as a commit of its own, retryable if it has a number. */
export async function write(invocation: Invocation, run: (batch: Batch) => Doc): Promise<Reply> {
  const { engine, session, transaction, retryNumber } = invocation;
  if (transaction !== undefined) return { body: run(transaction.batch) };
  const retryable = session && retryNumber !== undefined ? { session, number: retryNumber } : undefined;
  return { body: await engine.write(run, invocation.deadline, retryable) };
}
