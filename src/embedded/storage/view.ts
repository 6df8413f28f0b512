/** One stored pair. The buffers are the reader's own. */
export interface Entry {
  key: Buffer;
  value: Buffer;
}

/** A consistent state of the key space that can be read. All reads are synchronous. */
export interface View {
  /** The newest commit that this view holds, as a 64-bit timestamp. */
  readonly instant: bigint;
  get(key: Buffer): Buffer | undefined;
  /** Entries with start <= key < end, ascending, or descending with `reverse`. */
  range(start: Buffer, end: Buffer, reverse?: boolean): Iterable<Entry>;
  /** How many entries range() would give. */
  count(start: Buffer, end: Buffer): number;
}

/**
 * Unwritten changes over a view, read as if they were applied. Both an autocommitted command (over the write
 * transaction) and a multi-statement transaction (over its snapshot) write into one, so that either can be dropped whole.
 */
export class Overlay implements View {
  /** Changed keys as latin1 text (whose order is byte order); null stands for a removal. */
  readonly changes = new Map<string, Buffer | null>();

  constructor(private readonly base: View) {}

  get instant(): bigint {
    return this.base.instant;
  }

  get(key: Buffer): Buffer | undefined {
    const changed = this.changes.size > 0 ? this.changes.get(key.toString('latin1')) : undefined;
    return changed === undefined ? this.base.get(key) : (changed ?? undefined);
  }

  put(key: Buffer, value: Buffer): void {
    this.changes.set(key.toString('latin1'), value);
  }

  remove(key: Buffer): void {
    this.changes.set(key.toString('latin1'), null);
  }

  /** The changes seen are those made before the call: later ones do not disturb a range that is being read. */
  range(start: Buffer, end: Buffer, reverse = false): Iterable<Entry> {
    const base = this.base.range(start, end, reverse);
    const own = this.changesBetween(start, end);
    if (own.length === 0) return base;
    own.sort(([a], [b]) => (a < b !== reverse ? -1 : 1));
    return merge(base, own, reverse);
  }

  count(start: Buffer, end: Buffer): number {
    if (this.changesBetween(start, end).length === 0) return this.base.count(start, end);
    return [...this.range(start, end)].length;
  }

  private changesBetween(start: Buffer, end: Buffer): Change[] {
    const [from, to] = [start.toString('latin1'), end.toString('latin1')];
    return [...this.changes].filter(([key]) => key >= from && key < to);
  }
}

type Change = [key: string, value: Buffer | null];

function* merge(base: Iterable<Entry>, own: Change[], reverse: boolean): Generator<Entry> {
  let next = 0;
  function* changesBefore(key?: string): Generator<Entry> {
    for (; next < own.length; next++) {
      const [changed, value] = own[next]!;
      if (key !== undefined && (reverse ? changed <= key : changed >= key)) return;
      if (value !== null) yield { key: Buffer.from(changed, 'latin1'), value };
    }
  }
  for (const entry of base) {
    const key = entry.key.toString('latin1');
    yield* changesBefore(key);
    // What is changed comes from its change.
    if (own[next]?.[0] !== key) yield entry;
  }
  yield* changesBefore();
}
