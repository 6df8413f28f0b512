import { serialize } from 'bson';
import { mongoError } from '../errors';
import { MAX_DOCUMENT_BYTES } from './codec';
import { StoredDoc } from './stored-doc';
import { Int32, ObjectId, type Doc, type Value } from './value';

/** Documents may nest this deep, as in mongod. */
const MAX_DEPTH = 200;
/** The largest document has as much beyond what one may have that is stored, as in mongod. */
const MAX_ENCODED_BYTES = MAX_DOCUMENT_BYTES + 16 * 1024;
const FIRST_SIZE = 64 * 1024;

let out = Buffer.allocUnsafe(FIRST_SIZE);
let used = 0;

function reserve(count: number): void {
  const needed = used + count;
  if (needed <= out.length) return;
  if (needed > MAX_ENCODED_BYTES * 2) throw tooLarge(needed);
  const grown = Buffer.allocUnsafe(Math.max(needed, out.length * 2));
  out.copy(grown, 0, 0, used);
  out = grown;
}

function tooLarge(length: number): Error {
  return mongoError('BSONObjectTooLarge', `a document of ${length} bytes is too large to be made`);
}

function raw(bytes: Uint8Array): void {
  reserve(bytes.length);
  out.set(bytes, used);
  used += bytes.length;
}

/** Names of fields are few, and come over and over. */
const NAMES = new Map<string, Buffer>();
const MOST_NAMES = 2_000;

function name(text: string): void {
  let bytes = NAMES.get(text);
  if (!bytes) {
    if (text.includes('\0')) throw mongoError('BadValue', 'a field name must not contain NUL');
    bytes = Buffer.from(`${text}\0`);
    if (NAMES.size < MOST_NAMES && text.length < 100) NAMES.set(text, bytes);
  }
  raw(bytes);
}

/** Writes the type and the name of an element; room is made for a value of a fixed size behind them. */
function head(type: number, text: string): void {
  reserve(1);
  out[used++] = type;
  name(text);
  reserve(16);
}

function element(field: string, value: Value, depth: number): void {
  if (typeof value === 'number') {
    head(1, field);
    used = out.writeDoubleLE(value, used);
  } else if (typeof value === 'string') {
    head(2, field);
    reserve(5 + (value.length < 1000 ? value.length * 3 : Buffer.byteLength(value)));
    const length = out.write(value, used + 4, 'utf8');
    out.writeInt32LE(length + 1, used);
    used += 4 + length;
    out[used++] = 0;
  } else if (value === null) head(10, field);
  else if (typeof value === 'boolean') {
    head(8, field);
    out[used++] = value ? 1 : 0;
  } else if (typeof value === 'bigint') {
    head(18, field);
    used = out.writeBigInt64LE(value, used);
  } else if (value instanceof Map) {
    head(3, field);
    document(value, depth + 1);
  } else if (Array.isArray(value)) {
    head(4, field);
    array(value, depth + 1);
  } else if (value instanceof Int32) {
    head(16, field);
    used = out.writeInt32LE(value.value, used);
  } else if (value instanceof ObjectId) {
    head(7, field);
    raw(value.id);
  } else if (value instanceof Date) {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw mongoError('BadValue', 'a date is invalid');
    head(9, field);
    used = out.writeBigInt64LE(BigInt(ms), used);
  } else {
    const bytes = serialize({ '': value });
    head(bytes[4]!, field);
    raw(bytes.subarray(6, bytes.length - 1));
  }
}

/** Writes what is between the length of a document and its end by `write`, and these two around it. */
function enclosed(depth: number, write: () => void): void {
  if (depth > MAX_DEPTH) throw mongoError('Overflow', `cannot nest documents deeper than ${MAX_DEPTH}`);
  const start = used;
  reserve(5);
  used += 4;
  write();
  reserve(1);
  out[used++] = 0;
  out.writeInt32LE(used - start, start);
}

function document(value: Doc, depth: number): void {
  const stored = value instanceof StoredDoc ? value.bytes : undefined;
  if (stored) return raw(stored);
  enclosed(depth, () => {
    for (const [field, inner] of value) element(field, inner, depth);
  });
}

function array(values: Value[], depth: number): void {
  enclosed(depth, () => values.forEach((value, i) => element(String(i), value, depth)));
}

/**
 * Encodes a document as BSON, in a buffer of its own. Throws MongoError on an invalid date, on nesting over 200 and on
 * what is too large to be sent.
 */
export function encode(value: Doc): Buffer {
  used = 0;
  try {
    document(value, 0);
    if (used > MAX_ENCODED_BYTES) throw tooLarge(used);
    return Buffer.from(out.subarray(0, used));
  } finally {
    if (out.length > MAX_DOCUMENT_BYTES) out = Buffer.allocUnsafe(FIRST_SIZE);
  }
}
