import type { JsonBytes } from '../../json-bytes';
import { decodeName } from '../names';
import { behind, BSON, doubleAt, HEAD, int32At, int64At, notPlain } from './bson';

const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const DOLLAR = 0x24;
const NAN = '"NaN"';
const INFINITE = '"Infinity"';
const MINUS_INFINITE = '"-Infinity"';

/** The names of an object's elements, in the order stored, and how they are written. */
interface Names {
  stored: Buffer[];
  /** Elements in the order of the answer, each with its name as JSON and a colon. */
  written: { element: number; key: Buffer }[];
}

/** A metric's value; NaN and the infinities by their names. Throws NotPlain for what is no plain number. */
export function writeMetric(out: JsonBytes, bytes: Uint8Array, type: number, at: number): void {
  if (type === BSON.double) {
    const value = doubleAt(bytes, at);
    if (Number.isFinite(value)) out.number(value);
    else out.ascii(value > 0 ? INFINITE : value < 0 ? MINUS_INFINITE : NAN);
  } else if (type === BSON.int32) out.number(int32At(bytes, at));
  else if (type === BSON.int64) out.number(int64At(bytes, at));
  else notPlain();
}

/**
 * Writes every number of an object under its decoded name. The documents of a list mostly hold the same names in the same
 * order, so what a name comes to is worked out once for all that follow. Throws NotPlain for what it can't be sure of.
 */
export class MetricMapWriter {
  private names: Names = { stored: [], written: [] };
  private types = new Uint8Array(32);
  private places = new Int32Array(32);

  write(out: JsonBytes, bytes: Buffer, from: number): void {
    const end = from + int32At(bytes, from) - 1;
    let count = 0;
    let isKnown = true;
    for (let at = from + HEAD; at < end; count++) {
      if (count >= this.types.length) this.grow();
      const type = (this.types[count] = bytes[at++]!);
      const known = this.names.stored[count];
      if (isKnown && known && startsWith(bytes, at, known)) at += known.length;
      else {
        isKnown = false;
        at = bytes.indexOf(0, at) + 1;
      }
      this.places[count] = at;
      at = behind(bytes, type, at);
    }
    if (!isKnown || count !== this.names.stored.length) this.names = namesOf(bytes, from, count);
    out.byte(OPEN);
    let isFirst = true;
    for (const { element, key } of this.names.written) {
      const type = this.types[element]!;
      if (type === BSON.decimal) notPlain();
      if (type !== BSON.double && type !== BSON.int32 && type !== BSON.int64) continue;
      if (!isFirst) out.byte(COMMA);
      isFirst = false;
      out.copy(key);
      writeMetric(out, bytes, type, this.places[element]!);
    }
    out.byte(CLOSE);
  }

  private grow(): void {
    const { types, places } = this;
    this.types = new Uint8Array(types.length * 2);
    this.types.set(types);
    this.places = new Int32Array(places.length * 2);
    this.places.set(places);
  }
}

function startsWith(bytes: Uint8Array, at: number, known: Uint8Array): boolean {
  for (let index = 0; index < known.length; index++) if (bytes[at + index] !== known[index]) return false;
  return true;
}

/** Names as JavaScript objects keep them: the last of equal ones counts, and whole numbers come first. */
function namesOf(bytes: Buffer, from: number, count: number): Names {
  const stored: Buffer[] = [];
  const elements = new Map<string, number>();
  for (let element = 0, at = from + HEAD; element < count; element++) {
    const type = bytes[at++]!;
    const nul = bytes.indexOf(0, at);
    const name = bytes.toString('utf8', at, nul);
    if (bytes[at] === DOLLAR || name.includes('\uFFFD')) notPlain();
    stored.push(Buffer.from(bytes.subarray(at, nul + 1)));
    elements.set(name, element);
    at = behind(bytes, type, nul + 1);
  }
  const read = Object.fromEntries(elements);
  const decoded = new Map(Object.entries(read).map(([name, element]) => [decodeName(name), element]));
  if (decoded.size < elements.size) notPlain();
  return {
    stored,
    written: Object.entries(Object.fromEntries(decoded)).map(([name, element]) => ({
      element,
      key: Buffer.from(`${JSON.stringify(name)}:`),
    })),
  };
}
