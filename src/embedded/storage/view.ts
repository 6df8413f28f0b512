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
}

/**
 * Unwritten changes over a view, read as if they were applied. Both an autocommitted command (over the write
 * transaction) and a multi-statement transaction (over its snapshot) write into one, so that either can be dropped whole.
 */
export class Overlay implements View {
  /** Changed keys as latin1 text (whose order is byte order); null stands for a removal. */
  readonly changes = new Map<string, Buffer | null>();
  private sorted: string[] = [];
  private readonly unsorted = new Set<string>();

  constructor(private readonly base: View) {}

  get instant(): bigint {
    return this.base.instant;
  }

  get(key: Buffer): Buffer | undefined {
    if (this.changes.size > 0) {
      const changed = this.changes.get(key.toString('latin1'));
      if (changed !== undefined) return changed ?? undefined;
    }
    return this.base.get(key);
  }

  put(key: Buffer, value: Buffer): void {
    this.change(key.toString('latin1'), value);
  }

  remove(key: Buffer): void {
    this.change(key.toString('latin1'), null);
  }

  private change(key: string, value: Buffer | null): void {
    if (!this.changes.has(key)) this.unsorted.add(key);
    this.changes.set(key, value);
  }

  /** The changes seen are those made before the call: later ones do not disturb a range that is being read. */
  range(start: Buffer, end: Buffer, reverse = false): Iterable<Entry> {
    const base = this.base.range(start, end, reverse);
    if (this.changes.size === 0) return base;
    const keys = this.sortedKeys();
    const from = lowerBound(keys, start.toString('latin1'));
    const to = lowerBound(keys, end.toString('latin1'));
    if (from === to) return base;
    const own = keys.slice(from, to).map((key): [string, Buffer | null] => [key, this.changes.get(key) ?? null]);
    if (reverse) own.reverse();
    return merge(base, own, reverse);
  }

  private sortedKeys(): string[] {
    if (this.unsorted.size > 0) {
      const added = [...this.unsorted].sort(byCodeUnit);
      this.unsorted.clear();
      this.sorted = mergeSorted(this.sorted, added);
    }
    return this.sorted;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function mergeSorted(a: string[], b: string[]): string[] {
  if (a.length === 0) return b;
  const result: string[] = [];
  let i = 0;
  for (const key of b) {
    while (i < a.length && (a[i] as string) < key) result.push(a[i++] as string);
    result.push(key);
  }
  while (i < a.length) result.push(a[i++] as string);
  return result;
}

function lowerBound(keys: string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* merge(base: Iterable<Entry>, own: [string, Buffer | null][], reverse: boolean): Generator<Entry> {
  let next = 0;
  for (const entry of base) {
    const key = entry.key.toString('latin1');
    let replaced = false;
    for (let change = own[next]; change !== undefined; change = own[++next]) {
      const order = reverse ? byCodeUnit(key, change[0]) : byCodeUnit(change[0], key);
      if (order > 0) break;
      if (order === 0) replaced = true;
      if (change[1] !== null) yield { key: Buffer.from(change[0], 'latin1'), value: change[1] };
      if (order === 0) {
        next++;
        break;
      }
    }
    if (!replaced) yield entry;
  }
  for (let change = own[next]; change !== undefined; change = own[++next]) {
    if (change[1] !== null) yield { key: Buffer.from(change[0], 'latin1'), value: change[1] };
  }
}
