import { deserialize, type Document } from 'bson';

/** BSON as it comes from the database: where the elements of a document are, and the values of the plain types. */

export const BSON = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  int64: 0x12,
  decimal: 0x13,
} as const;

/** Bytes of a document before its first element. */
export const HEAD = 4;

/** The bytes of values of a fixed size, by type; -1 for the others. */
const SIZES = new Int8Array(256).fill(-1);
for (const [type, size] of [
  [0x01, 8],
  [0x06, 0],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x0a, 0],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
  [0x13, 16],
  [0x7f, 0],
  [0xff, 0],
] as const) {
  SIZES[type] = size;
}

/** Thrown for what is not read raw; the document is then read whole, and whatever is wrong with it shows there. */
export class NotPlain extends Error {}
const NOT_PLAIN = new NotPlain();

export function notPlain(): never {
  // One error for all: making its stack costs more than reading a document.
  throw NOT_PLAIN;
}

export function int32At(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** A 64-bit integer as the nearest double. */
export function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + 4) * 4_294_967_296 + (int32At(bytes, at) >>> 0);
}

const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);

/** BSON is little-endian; not every machine is. */
const FLIP = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 7;

export function doubleAt(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) DOUBLE_BYTES[index ^ FLIP] = bytes[at + index]!;
  return DOUBLE[0]!;
}

/** The place behind the value of this type at `at`. Throws NotPlain for a type that BSON doesn't have. */
export function behind(bytes: Buffer, type: number, at: number): number {
  const size = SIZES[type]!;
  if (size >= 0) return at + size;
  switch (type) {
    case BSON.string:
    case 0x0d:
    case 0x0e:
      return at + 4 + int32At(bytes, at);
    case BSON.object:
    case BSON.array:
    case 0x0f:
      return at + int32At(bytes, at);
    case 0x05:
      return at + 5 + int32At(bytes, at);
    case 0x0b:
      return bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1;
    case 0x0c:
      return at + 16 + int32At(bytes, at);
    default:
      return notPlain();
  }
}

/** The object at a place as the driver reads it. */
export function objectAt(bytes: Buffer, at: number): Document {
  return deserialize(bytes.subarray(at, at + int32At(bytes, at)));
}
