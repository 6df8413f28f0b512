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
  // Neighbours that are kept are copied together, the document's length with the first of them.
  let copyFrom = from;
  let copyTo = from + 4;
  const end = from + source.readInt32LE(from) - 1;
  // Fields mostly come in the order of the last document's.
  let next = 0;
  for (let at = from + 4; at < end;) {
    const type = source[at]!;
    const value = source.indexOf(0, at + 1) + 1;
    const to = value + sizeOf(source, type, value);
    let found = -1;
    for (let n = 0; n < kept.length && found < 0; n++) {
      const i = next + n < kept.length ? next + n : next + n - kept.length;
      if (isName(source, at + 1, kept[i]!.name)) found = i;
    }
    if (found >= 0) {
      next = found + 1 === kept.length ? 0 : found + 1;
      const { below } = kept[found]!;
      if (below && type === ARRAY) return false;
      if (!below || type === DOCUMENT) {
        if (copyTo !== at) {
          copy(source, copyFrom, copyTo);
          copyFrom = at;
        }
        copyTo = below ? value : to;
      }
      if (below && type === DOCUMENT) {
        copy(source, copyFrom, copyTo);
        if (!include(below, source, value)) return false;
        copyFrom = copyTo = to;
      }
    }
    at = to;
  }
  copy(source, copyFrom, copyTo);
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
