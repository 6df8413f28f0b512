/** A small random generator (mulberry32): the same seed gives the same test. */
export class Random {
  constructor(private state: number) {}

  /** A number from 0 to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number below `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(p: number): boolean {
    return this.next() < p;
  }
}

/** The seed of a run: EPOCHGRAPH_SEED if it is given, else a new one. */
export function seedOf(): number {
  const given = process.env.EPOCHGRAPH_SEED;
  return given === undefined ? Date.now() % 0x7fffffff : Number(given);
}
