import { mongoError } from '../errors';
import { Binary, BSONRegExp, Code, Decimal128, Int32, MaxKey, MinKey, ObjectId, Timestamp, Undefined } from './value';
import type { Doc, Value } from './value';

/** Documents may nest this deep, as in mongod. */
const MAX_DEPTH = 200;

const MAX_DATE = 8.64e15;

function invalid(reason: string): Error {
  return mongoError('InvalidBSON', `Invalid BSON: ${reason}`);
}

/*
 * The reader's state is module-wide: decoding is synchronous and calls nothing that could decode in between, and a
 * throw leaves nothing behind because decode() sets everything anew.
 */
let source: Buffer = Buffer.alloc(0);
let at = 0;

/** Field names seen before, by a hash of their bytes, so that the same name is the same string object. */
const NAME_SLOTS = 4096;
const names: (string | undefined)[] = new Array<string | undefined>(NAME_SLOTS).fill(undefined);

/** Strings that are not UTF-8 would change when they are written again, so they are refused. */
function text(start: number, end: number): string {
  const result = source.toString('utf8', start, end);
  if (result.includes('\ufffd') && Buffer.byteLength(result) !== end - start) throw invalid('a string is not UTF-8');
  return result;
}

function readName(end: number): string {
  const start = at;
  let hash = 0;
  let ascii = true;
  let byte = source[at]!;
  while (byte !== 0) {
    hash = (hash * 31 + byte) | 0;
    if (byte > 127) ascii = false;
    if (++at >= end) throw invalid('a field name has no end');
    byte = source[at]!;
  }
  const length = at - start;
  at++;
  if (!ascii || length > 64) return text(start, start + length);
  const slot = hash & (NAME_SLOTS - 1);
  const known = names[slot];
  if (known !== undefined && known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === source[start + i]) i++;
    if (i === length) return known;
  }
  return (names[slot] = source.toString('latin1', start, start + length));
}

/** Reads a length that counts what begins `header` bytes after its own start. */
function readLength(end: number, least: number, header = 0): number {
  if (at + 4 > end) throw invalid('a length is cut off');
  const length = source.readInt32LE(at);
  if (length < least || length > end - at - header) throw invalid(`a length of ${length} does not fit`);
  return length;
}

function readString(end: number): string {
  const length = readLength(end, 1, 4);
  const start = at + 4;
  at = start + length;
  if (source[at - 1] !== 0) throw invalid('a string has no end');
  return text(start, at - 1);
}

function need(bytes: number, end: number): number {
  const start = at;
  if (start + bytes > end) throw invalid('a value is cut off');
  at += bytes;
  return start;
}

/**
 * The bson package's own way to read an id at an offset, missing in its types: a view of 12 bytes for each id would cost
 * more than all the rest of decoding. The package is pinned, and the round trips of the tests would notice a change.
 */
const ObjectIdAt = ObjectId as unknown as new (bytes: Uint8Array, offset: number) => ObjectId;

function readObjectId(end: number): ObjectId {
  return new ObjectIdAt(source, need(12, end));
}

function readDate(start: number): Date {
  const ms = source.readInt32LE(start + 4) * 0x100000000 + source.readUInt32LE(start);
  if (ms > MAX_DATE || ms < -MAX_DATE) throw invalid('a date lies outside the years -271821 to 275760');
  return new Date(ms);
}

function readBinary(end: number): Binary {
  const length = readLength(end, 0, 5);
  const subtype = source[at + 4]!;
  let start = at + 5;
  at = start + length;
  if (subtype === Binary.SUBTYPE_BYTE_ARRAY) {
    if (length < 4 || source.readInt32LE(start) !== length - 4) throw invalid('an old binary has a wrong inner length');
    start += 4;
  }
  return new Binary(new Uint8Array(source.subarray(start, at)), subtype);
}

function readValue(type: number, end: number, depth: number): Value {
  switch (type) {
    case 1:
      return source.readDoubleLE(need(8, end));
    case 2:
      return readString(end);
    case 3:
      return readDocument(end, depth + 1);
    case 4:
      return readArray(end, depth + 1);
    case 5:
      return readBinary(end);
    case 6:
      return Undefined.instance;
    case 7:
      return readObjectId(end);
    case 8: {
      const byte = source[need(1, end)];
      if (byte !== 0 && byte !== 1) throw invalid('a boolean is neither 0 nor 1');
      return byte === 1;
    }
    case 9:
      return readDate(need(8, end));
    case 10:
      return null;
    case 11: {
      const pattern = readName(end);
      const options = readName(end);
      if (/[^imxlsu]/.test(options)) throw invalid(`a regular expression has the option '${options}'`);
      return new BSONRegExp(pattern, options);
    }
    case 13:
      return new Code(readString(end));
    case 12:
    case 14:
    case 15:
      throw invalid(`the deprecated type ${type} (pointer, symbol, code with scope) is not stored here`);
    case 16:
      return new Int32(source.readInt32LE(need(4, end)));
    case 17: {
      const start = need(8, end);
      return new Timestamp({ t: source.readUInt32LE(start + 4), i: source.readUInt32LE(start) });
    }
    case 18:
      return source.readBigInt64LE(need(8, end));
    case 19:
      return new Decimal128(new Uint8Array(source.subarray(need(16, end), at)));
    case 127:
      return new MaxKey();
    case 255:
      return new MinKey();
    default:
      throw invalid(`there is no type ${type}`);
  }
}

/** Moves past a value without building it; `only` documents are decoded this way. */
function skipValue(type: number, end: number): void {
  switch (type) {
    case 1:
    case 9:
    case 17:
    case 18:
      need(8, end);
      return;
    case 2:
    case 13:
      at += 4 + readLength(end, 1, 4);
      return;
    case 3:
    case 4:
      at += readLength(end, 5);
      return;
    case 16:
      need(4, end);
      return;
    case 8:
      need(1, end);
      return;
    case 7:
      need(12, end);
      return;
    default:
      readValue(type, end, 0);
  }
}

function openDocument(end: number, depth: number): number {
  if (depth > MAX_DEPTH) throw invalid(`documents nest deeper than ${MAX_DEPTH}`);
  const start = at;
  const length = readLength(end, 5);
  if (source[start + length - 1] !== 0) throw invalid('a document has no end');
  at = start + 4;
  return start + length - 1;
}

function closeDocument(end: number): void {
  if (at !== end) throw invalid('a document has a wrong length');
  at++;
}

function readDocument(limit: number, depth: number, only?: ReadonlySet<string>): Doc {
  const end = openDocument(limit, depth);
  const result: Doc = new Map();
  let count = 0;
  while (at < end) {
    const type = source[at++]!;
    const name = readName(end);
    if (only !== undefined && !only.has(name)) {
      skipValue(type, end);
      continue;
    }
    result.set(name, readValue(type, end, depth));
    if (++count !== result.size) throw invalid(`the field '${name}' occurs twice in one document`);
  }
  closeDocument(end);
  return result;
}

function readArray(limit: number, depth: number): Value[] {
  const end = openDocument(limit, depth);
  const result: Value[] = [];
  while (at < end) {
    const type = source[at++]!;
    while (source[at] !== 0) if (++at >= end) throw invalid('a field name has no end');
    at++;
    result.push(readValue(type, end, depth));
  }
  closeDocument(end);
  return result;
}

/**
 * Decodes one BSON document, which must fill `bytes` to the end. With `only`, just those top-level fields are built
 * and the others stepped over. Throws MongoError 22 (InvalidBSON) on anything malformed, on a field that occurs twice
 * and on what a JavaScript Date can't hold.
 */
export function decode(bytes: Uint8Array, only?: ReadonlySet<string>): Doc {
  source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  at = 0;
  const result = readDocument(source.length, 0, only);
  if (at !== source.length) throw invalid('there are bytes after the document');
  return result;
}

/* The writer's state is module-wide for the same reason; encode() copies the result out of it. */
let target = Buffer.allocUnsafe(1 << 16);
let used = 0;

function reserve(bytes: number): void {
  if (used + bytes <= target.length) return;
  const larger = Buffer.allocUnsafe(Math.max(target.length * 2, used + bytes));
  target.copy(larger, 0, 0, used);
  target = larger;
}

function writeCString(value: string): void {
  if (value.includes('\0')) throw mongoError('BadValue', 'a field name or regular expression must not contain NUL');
  reserve(value.length * 3 + 1);
  used += target.write(value, used, 'utf8');
  target[used++] = 0;
}

function writeString(value: string): void {
  reserve(value.length * 3 + 5);
  const length = target.write(value, used + 4, 'utf8');
  target.writeInt32LE(length + 1, used);
  used += length + 4;
  target[used++] = 0;
}

function writeHeader(type: number, name: string | number): void {
  reserve(32);
  target[used++] = type;
  if (typeof name === 'number') {
    used += target.write(String(name), used, 'latin1');
    target[used++] = 0;
  } else writeCString(name);
}

function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  target.set(bytes, used);
  used += bytes.length;
}

function writeInt64(value: bigint): void {
  reserve(8);
  used = target.writeBigInt64LE(value, used);
}

function writeInt32(value: number): void {
  reserve(4);
  used = target.writeInt32LE(value, used);
}

function writeObject(name: string | number, value: Exclude<Value, number | string | boolean | bigint | null>): void {
  const depth = writeDepth;
  if (value instanceof Int32) {
    writeHeader(16, name);
    writeInt32(value.value);
  } else if (value instanceof Map) {
    writeHeader(3, name);
    writeDocument(value, depth + 1);
  } else if (Array.isArray(value)) {
    writeHeader(4, name);
    writeArray(value, depth + 1);
  } else if (value instanceof ObjectId) {
    writeHeader(7, name);
    writeBytes(value.id);
  } else if (value instanceof Date) {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw mongoError('BadValue', `the date of field '${name}' is invalid`);
    writeHeader(9, name);
    reserve(8);
    const high = Math.floor(ms / 0x100000000);
    target.writeUInt32LE(ms - high * 0x100000000, used);
    used = target.writeInt32LE(high, used + 4);
  } else if (value instanceof Binary) {
    const old = value.sub_type === Binary.SUBTYPE_BYTE_ARRAY;
    const bytes = value.buffer.subarray(0, value.position);
    writeHeader(5, name);
    writeInt32(bytes.length + (old ? 4 : 0));
    reserve(5);
    target[used++] = value.sub_type;
    if (old) writeInt32(bytes.length);
    writeBytes(bytes);
  } else if (value instanceof BSONRegExp) {
    writeHeader(11, name);
    writeCString(value.pattern);
    writeCString(value.options);
  } else if (value instanceof Timestamp) {
    writeHeader(17, name);
    reserve(8);
    target.writeUInt32LE(value.i, used);
    used = target.writeUInt32LE(value.t, used + 4);
  } else if (value instanceof Decimal128) {
    writeHeader(19, name);
    writeBytes(value.bytes);
  } else if (value instanceof MinKey) writeHeader(255, name);
  else if (value instanceof MaxKey) writeHeader(127, name);
  else if (value instanceof Undefined) writeHeader(6, name);
  else {
    writeHeader(13, name);
    writeString(value.code);
  }
}

let writeDepth = 0;

function writeValue(name: string | number, value: Value): void {
  switch (typeof value) {
    case 'number':
      writeHeader(1, name);
      reserve(8);
      used = target.writeDoubleLE(value, used);
      return;
    case 'string':
      writeHeader(2, name);
      writeString(value);
      return;
    case 'boolean':
      writeHeader(8, name);
      reserve(1);
      target[used++] = value ? 1 : 0;
      return;
    case 'bigint':
      writeHeader(18, name);
      writeInt64(value);
      return;
    default:
      if (value === null) writeHeader(10, name);
      else writeObject(name, value);
  }
}

function open(depth: number): number {
  if (depth > MAX_DEPTH) throw mongoError('Overflow', `cannot nest documents deeper than ${MAX_DEPTH}`);
  writeDepth = depth;
  const start = used;
  writeInt32(0);
  return start;
}

function close(start: number, depth: number): void {
  reserve(1);
  target[used++] = 0;
  target.writeInt32LE(used - start, start);
  writeDepth = depth - 1;
}

function writeDocument(document: Doc, depth: number): void {
  const start = open(depth);
  for (const [name, value] of document) writeValue(name, value);
  close(start, depth);
}

function writeArray(values: Value[], depth: number): void {
  const start = open(depth);
  for (let i = 0; i < values.length; i++) writeValue(i, values[i]!);
  close(start, depth);
}

/** Encodes a document as BSON, in a buffer of its own. Throws MongoError on an invalid date and on nesting over 200. */
export function encode(document: Doc): Buffer {
  used = 0;
  writeDocument(document, 0);
  const result = Buffer.allocUnsafeSlow(used);
  target.copy(result, 0, 0, used);
  if (target.length > 1 << 20) target = Buffer.allocUnsafe(1 << 16);
  return result;
}
