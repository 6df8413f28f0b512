import type { LiveEvent } from './events';
import type { EventQueue } from './queue';

/**
 * What a subscription gives, first from `start` and then from the queue that `start` ends with. Values come one by one
 * (`next`) or, once they are live, all that wait (`take`). `return` takes effect also while a `next` is waiting, for
 * which `stop` must make what `start` waits for end.
 */
export class LiveIterator<T> implements AsyncIterableIterator<T> {
  private queue: EventQueue | undefined;
  private stopped = false;

  constructor(
    private readonly start: AsyncGenerator<T, EventQueue | undefined>,
    private readonly map: (event: LiveEvent) => T | undefined,
    private readonly stop: () => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    while (!this.stopped) {
      if (!this.queue) {
        const started = await this.start.next();
        if (!started.done) return started;
        if (!started.value) break;
        this.queue = started.value;
        if (this.stopped) this.queue.end();
      }
      const event = await this.queue.next();
      if (!event) break;
      const value = this.map(event);
      if (value !== undefined) return { done: false, value };
    }
    return { done: true, value: undefined };
  }

  /** Values that wait now, in order, of at most so many events; none before the subscription is live. */
  take(most: number): T[] {
    return (this.queue?.take(most) ?? []).flatMap((event) => {
      const value = this.map(event);
      return value === undefined ? [] : [value];
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.stopped = true;
    this.stop();
    this.queue?.end();
    await this.start.return(undefined);
    return { done: true, value: undefined };
  }
}
