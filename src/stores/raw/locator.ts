import { behind, HEAD, int32At, notPlain } from './bson';

const DOLLAR = 0x24;

/** Finds elements of objects by their names. One object at a time. */
export class Locator {
  /** The type of each name's element; 0 where there is none. */
  readonly types: Uint8Array;
  /** Where each name's value begins. */
  readonly places: Int32Array;
  private readonly stored: (Buffer | undefined)[];
  /** Names by their hashes. */
  private readonly byHash = new Map<number, number[]>();
  private readonly count: number;

  /** `names` are stored ones; places of the list may be left empty. */
  constructor(names: readonly (string | undefined)[]) {
    this.types = new Uint8Array(names.length);
    this.places = new Int32Array(names.length);
    this.stored = names.map((name) => (name === undefined ? undefined : Buffer.from(`${name}\0`)));
    this.stored.forEach((name, index) => {
      if (!name) return;
      const hash = hashOf(name);
      this.byHash.set(hash, [...(this.byHash.get(hash) ?? []), index]);
    });
    this.count = this.stored.filter((name) => name).length;
  }

  /**
   * Looks through the object at `from`. Of equal names the last one counts, as everywhere; with `firstOnly` the first one
   * does, and nothing behind the last name is looked at. Throws NotPlain for names that BSON gives a meaning.
   */
  locate(bytes: Buffer, from: number, firstOnly = false): void {
    const { types, places, stored, byHash } = this;
    types.fill(0);
    let left = this.count;
    const end = from + int32At(bytes, from) - 1;
    for (let at = from + HEAD; at < end;) {
      const type = bytes[at++]!;
      if (bytes[at] === DOLLAR) notPlain();
      const start = at;
      let hash = 0;
      for (let byte = bytes[at++]!; byte !== 0; byte = bytes[at++]!) hash = (Math.imul(hash, 31) + byte) | 0;
      const candidates = byHash.get(hash);
      if (candidates) {
        for (let index = 0; index < candidates.length; index++) {
          const candidate = candidates[index]!;
          if (!isNamed(bytes, start, stored[candidate]!)) continue;
          types[candidate] = type;
          places[candidate] = at;
          if (firstOnly && --left === 0) return;
        }
      }
      at = behind(bytes, type, at);
    }
  }
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (let at = 0; bytes[at] !== 0; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return hash;
}

function isNamed(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[at + index] !== name[index]) return false;
  return true;
}
