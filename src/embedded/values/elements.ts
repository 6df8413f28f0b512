/** Elements of BSON documents that are known to be well-formed, as stored ones are: they were decoded when they came. */

export const DOCUMENT = 3;
export const ARRAY = 4;

const FIXED = new Map([
  [1, 8],
  [6, 0],
  [7, 12],
  [8, 1],
  [9, 8],
  [10, 0],
  [16, 4],
  [17, 8],
  [18, 8],
  [19, 16],
  [127, 0],
  [255, 0],
]);
const SIZES = Int8Array.from({ length: 256 }, (_, type) => FIXED.get(type) ?? -1);

/** How many bytes the value of this type at `at` has. */
export function sizeOf(source: Buffer, type: number, at: number): number {
  const size = SIZES[type]!;
  if (size >= 0) return size;
  switch (type) {
    case 2:
    case 13:
    case 14:
      return 4 + source.readInt32LE(at);
    case 5:
      return 5 + source.readInt32LE(at);
    case 11:
      return source.indexOf(0, source.indexOf(0, at) + 1) + 1 - at;
    case 12:
      return 16 + source.readInt32LE(at);
    default:
      return source.readInt32LE(at);
  }
}

/** Whether the name at `at` is this one, which ends with a NUL. */
export function isName(source: Buffer, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (source[at + i] !== name[i]) return false;
  return true;
}

/** Names as they stand in BSON, each with its NUL. */
export function namesOf(names: Iterable<string>): Buffer[] {
  return [...names].map((name) => Buffer.from(`${name}\0`));
}
