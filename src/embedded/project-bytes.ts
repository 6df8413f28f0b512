import { ARRAY, DOCUMENT, isName, sizeOf } from './values/elements';

/** The names of a projection; those below a name where only a part of it is kept. */
export type NameTree = Map<string, true | NameTree>;

interface Kept {
  name: Buffer;
  below: Kept[] | undefined;
}

function keptOf(tree: NameTree): Kept[] {
  return [...tree].map(([name, below]) => ({
    name: Buffer.from(`${name}\0`),
    below: below === true ? undefined : keptOf(below),
  }));
}

let out = Buffer.allocUnsafe(16 * 1024);
let used = 0;

function copy(source: Buffer, from: number, to: number): void {
  const needed = used + to - from + 8;
  if (needed > out.length) {
    const grown = Buffer.allocUnsafe(needed * 2);
    out.copy(grown, 0, 0, used);
    out = grown;
  }
  if (to - from <= 32) for (let at = from; at < to; at++) out[used++] = source[at]!;
  else used += source.copy(out, used, from, to);
}

/** False where a list is met of which parts are kept: each of its elements would have to be looked into. */
function include(kept: Kept[], source: Buffer, from: number): boolean {
  const start = used;
  copy(source, from, from + 4);
  const end = from + source.readInt32LE(from) - 1;
  for (let at = from + 4; at < end;) {
    const type = source[at]!;
    const value = source.indexOf(0, at + 1) + 1;
    const next = value + sizeOf(source, type, value);
    for (const { name, below } of kept) {
      if (!isName(source, at + 1, name)) continue;
      if (!below) copy(source, at, next);
      else if (type === ARRAY) return false;
      else if (type === DOCUMENT) {
        copy(source, at, value);
        if (!include(below, source, value)) return false;
      }
      break;
    }
    at = next;
  }
  out[used++] = 0;
  out.writeInt32LE(used - start, start);
  return true;
}

/**
 * A projection that includes whole fields, done on the bytes of stored documents: the same fields in the same order as on
 * the decoded ones. Undefined for a document on which it can't be done so.
 */
export function compileByteProjection(tree: NameTree): (source: Buffer) => Buffer | undefined {
  const kept = keptOf(tree);
  return (source) => {
    used = 0;
    return include(kept, source, 0) ? Buffer.from(out.subarray(0, used)) : undefined;
  };
}
