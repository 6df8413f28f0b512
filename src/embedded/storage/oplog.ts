import { decode } from '../values/codec';
import { encode } from '../values/encoder';
import { Timestamp, doc, type Binary, type Doc, type Value } from '../values/value';
import { oplogKey, TABLE } from './keyspace';
import { readState, writeState, type StoreState, type Writer } from './store';
import type { View } from './view';

/** What happened to a document or a collection, as the oplog keeps it. */
export interface Operation {
  type:
    'insert' | 'update' | 'replace' | 'delete' | 'create' | 'createIndexes' | 'dropIndexes' | 'drop' | 'dropDatabase';
  db: string;
  /** Empty for a database's own operations. */
  collection: string;
  uuid?: Binary;
  /** The document's _id. */
  id?: Value;
  /** Of an insert or a replace: the whole new document. */
  document?: Buffer;
  /** Of an update: updatedFields, removedFields, truncatedArrays. */
  description?: Doc;
  wallTime?: Date;
  /** Session and number of the transaction that it was part of. */
  lsid?: Doc;
  txnNumber?: bigint;
}

/** An operation with its place in the order of commits. */
export interface OplogEntry extends Operation {
  instant: bigint;
  /** Place within its commit. */
  ordinal: number;
}

export interface OplogLimits {
  maxBytes: number;
  maxAgeSeconds: number;
}

/** The timestamp for the next commit: the clock's second, and always greater than the last. */
export function nextInstant(last: bigint, now = Date.now()): bigint {
  const clock = BigInt(Math.floor(now / 1000)) << 32n;
  return clock > last ? clock + 1n : last + 1n;
}

/** A 64-bit instant as a BSON timestamp. */
export function toTimestamp(instant: bigint): Timestamp {
  return new Timestamp(instant);
}

/** A BSON timestamp as a 64-bit instant. */
export function fromTimestamp(timestamp: Timestamp): bigint {
  return (BigInt(timestamp.getHighBitsUnsigned()) << 32n) | BigInt(timestamp.getLowBitsUnsigned());
}

/** Appends one commit's operations under one timestamp, trims what is too old or too much, and writes the state. */
export function append(writer: Writer, operations: Operation[], instant: bigint, limits: OplogLimits): void {
  const state = readState(writer);
  state.last = instant;
  operations.forEach((operation, ordinal) => {
    const value = encodeOperation(operation);
    writer.put(oplogKey(instant, ordinal), value);
    state.oplogBytes += BigInt(value.length);
  });
  trim(writer, state, limits);
  writeState(writer, state);
}

/** A commit trims at most this many entries, so that none is delayed for long; the next goes on. */
const TRIM_BATCH = 200;

function trim(writer: Writer, state: StoreState, limits: OplogLimits): void {
  const oldest = BigInt(Math.floor(Date.now() / 1000) - limits.maxAgeSeconds) << 32n;
  if (state.oplogBytes <= BigInt(limits.maxBytes) && state.floor >= oldest) return;
  const expired: [Buffer, bigint, bigint][] = [];
  let bytes = state.oplogBytes;
  for (const { key, value } of writer.range(oplogKey(0n, 0), oplogKey(state.last, 0))) {
    const instant = key.readBigUInt64BE(1);
    const wanted = bytes > BigInt(limits.maxBytes) || instant < oldest;
    // A commit goes whole or stays whole.
    const sameCommit = expired.at(-1)?.[1] === instant;
    if (!sameCommit && (!wanted || expired.length >= TRIM_BATCH)) break;
    bytes -= BigInt(value.length);
    expired.push([key, instant, bytes]);
  }
  for (const [key, instant, left] of expired) {
    writer.remove(key);
    state.floor = instant;
    state.oplogBytes = left;
  }
}

/** Entries after a position, in the order of commits. */
export function* readAfter(view: View, instant: bigint, ordinal: number): Generator<OplogEntry> {
  for (const { key, value } of view.range(oplogKey(instant, ordinal + 1), Buffer.of(TABLE.oplog + 1))) {
    yield { ...decodeOperation(value), instant: key.readBigUInt64BE(1), ordinal: key.readUInt32BE(9) };
  }
}

function encodeOperation(operation: Operation): Buffer {
  const { document, type, db, collection, uuid, id, description, lsid, txnNumber } = operation;
  const wallTime = new Date();
  const head = encode(doc({ type, db, collection, uuid, id, description, wallTime, lsid, txnNumber }));
  return document === undefined ? head : Buffer.concat([head, document]);
}

function decodeOperation(value: Buffer): Operation {
  const length = value.readInt32LE(0);
  const head = Object.fromEntries(decode(value.subarray(0, length))) as unknown as Operation;
  return length < value.length ? { ...head, document: value.subarray(length) } : head;
}
