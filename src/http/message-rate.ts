const SECOND_MS = 1_000;

/** Counts the messages of one socket, second by second. */
export class MessageRate {
  private count = 0;
  private since = -Infinity;

  constructor(private readonly perSecond: number) {}

  /** Counts a message that came at `now` (in ms): 0 within the rate, or the ms until this second is over. */
  excess(now = performance.now()): number {
    if (now >= this.since + SECOND_MS) {
      this.since = now;
      this.count = 0;
    }
    this.count += 1;
    return this.count > this.perSecond ? this.since + SECOND_MS - now : 0;
  }
}

/** What can be known of a message that is not served: the id of the operation that it would begin. */
export function operationIn(text: string): { begins: string } | 'end' | undefined {
  try {
    const { type, id } = JSON.parse(text) as { type?: unknown; id?: unknown };
    if (typeof id !== 'string') return undefined;
    return type === 'subscribe' ? { begins: id } : type === 'complete' ? 'end' : undefined;
  } catch {
    return undefined;
  }
}
