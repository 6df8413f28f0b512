import { onDemand } from 'bson';
import { mongoError } from '../errors';
import { isName, namesOf, sizeOf } from './elements';
import { Binary, BSONRegExp, Code, Decimal128, Int32, MaxKey, MinKey, ObjectId, Timestamp } from './value';
import type { Doc, Value } from './value';

/** Documents may nest this deep, as in mongod. */
const MAX_DEPTH = 200;
/** The largest document, as in mongod. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

const MAX_DATE = 8.64e15;

function invalid(reason: string): Error {
  return mongoError('InvalidBSON', `Invalid BSON: ${reason}`);
}

/** Strings that are not UTF-8 would change when they are written again, so they are refused. */
function text(source: Buffer, start: number, end: number): string {
  const result = source.toString('utf8', start, end);
  if (result.includes('\ufffd') && Buffer.byteLength(result) !== end - start) throw invalid('a string is not UTF-8');
  return result;
}

function readString(source: Buffer, at: number, length: number): string {
  if (length < 5 || source[at + length - 1] !== 0) throw invalid('a string has no end');
  return text(source, at + 4, at + length - 1);
}

/**
 * The bson package's own way to read an id at an offset, missing in its types: a view of 12 bytes for each id would cost
 * more than all the rest of decoding. The package is pinned, and the round trips of the tests would notice a change.
 */
const ObjectIdAt = ObjectId as unknown as new (bytes: Uint8Array, offset: number) => ObjectId;

function readDate(source: Buffer, at: number): Date {
  const ms = Number(source.readBigInt64LE(at));
  if (ms > MAX_DATE || ms < -MAX_DATE) throw invalid('a date lies outside the years -271821 to 275760');
  return new Date(ms);
}

function readBinary(source: Buffer, at: number, length: number): Binary {
  const subtype = source[at + 4]!;
  const old = subtype === Binary.SUBTYPE_BYTE_ARRAY;
  if (old && (length < 9 || source.readInt32LE(at + 5) !== length - 9))
    throw invalid('an old binary has a wrong inner length');
  return new Binary(new Uint8Array(source.subarray(at + (old ? 9 : 5), at + length)), subtype);
}

function readRegex(source: Buffer, at: number, length: number): BSONRegExp {
  const middle = source.indexOf(0, at);
  const [pattern, options] = [text(source, at, middle), text(source, middle + 1, at + length - 1)];
  if (/[^imxlsu]/.test(options)) throw invalid(`a regular expression has the option '${options}'`);
  return new BSONRegExp(pattern, options);
}

function readValue(source: Buffer, type: number, at: number, length: number, depth: number): Value {
  switch (type) {
    case 1:
      return source.readDoubleLE(at);
    case 2:
      return readString(source, at, length);
    case 3:
      return readDocument(source, at, depth + 1);
    case 4:
      return elementsOf(source, at, depth + 1).map(([kind, , , start, size]) =>
        readValue(source, kind, start, size, depth + 1),
      );
    case 5:
      return readBinary(source, at, length);
    case 7:
      return new ObjectIdAt(source, at);
    case 8:
      if (source[at]! > 1) throw invalid('a boolean is neither 0 nor 1');
      return source[at] === 1;
    case 9:
      return readDate(source, at);
    case 10:
      return null;
    case 11:
      return readRegex(source, at, length);
    case 13:
      return new Code(readString(source, at, length));
    case 16:
      return new Int32(source.readInt32LE(at));
    case 17:
      return new Timestamp({ t: source.readUInt32LE(at + 4), i: source.readUInt32LE(at) });
    case 18:
      return source.readBigInt64LE(at);
    case 19:
      return new Decimal128(new Uint8Array(source.subarray(at, at + length)));
    case 127:
      return new MaxKey();
    case 255:
      return new MinKey();
    default:
      throw invalid(`the deprecated type ${type} (undefined, pointer, symbol, code with scope) is not stored here`);
  }
}

/** An element of a document: its type, where its name and its value are, and how long they are. */
type Element = [type: number, nameAt: number, nameLength: number, at: number, length: number];

function elementsOf(source: Buffer, at: number, depth: number): Element[] {
  if (depth > MAX_DEPTH) throw invalid(`documents nest deeper than ${MAX_DEPTH}`);
  return onDemand.parseToElements(source, at) as Iterable<unknown> as Element[];
}

function readDocument(source: Buffer, start: number, depth: number): Doc {
  const result: Doc = new Map();
  for (const [type, nameAt, nameLength, at, length] of elementsOf(source, start, depth)) {
    const name = text(source, nameAt, nameAt + nameLength);
    if (result.has(name)) throw invalid(`the field '${name}' occurs twice in one document`);
    result.set(name, readValue(source, type, at, length, depth));
  }
  return result;
}

/**
 * Decodes one BSON document, which must fill `bytes` to the end. Throws MongoError 22 (InvalidBSON) on anything
 * malformed, on a field that occurs twice and on what a JavaScript Date can't hold.
 */
export function decode(bytes: Uint8Array): Doc {
  const source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (source.length < 5 || source.readInt32LE(0) !== source.length) throw invalid('a document has a wrong length');
  try {
    return readDocument(source, 0, 0);
  } catch (error) {
    if ((error as Error).name === 'MongoError') throw error;
    throw invalid((error as Error).message);
  }
}

/** The names of a set as they stand in BSON: a query asks for the same ones of every document. */
const NAMES = new WeakMap<ReadonlySet<string>, Buffer[]>();

/**
 * Decodes just these top-level fields of a stored document, and looks no further than the last of them. Stored documents
 * are well-formed and hold each field once.
 */
export function decodeFields(source: Buffer, only: ReadonlySet<string>): Doc {
  let names = NAMES.get(only);
  if (!names) NAMES.set(only, (names = namesOf(only)));
  const result: Doc = new Map();
  const end = source.length - 1;
  for (let at = 4; at < end && result.size < names.length;) {
    const type = source[at++]!;
    const value = source.indexOf(0, at) + 1;
    const size = sizeOf(source, type, value);
    for (const name of names) {
      if (!isName(source, at, name)) continue;
      result.set(name.toString('utf8', 0, name.length - 1), readValue(source, type, value, size, 0));
      break;
    }
    at = value + size;
  }
  return result;
}
