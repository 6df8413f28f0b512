import { ApiError } from '../errors';
import type { LiveEvent } from './events';

/** Events that a subscriber may have waiting before it is too slow to follow. */
export const MAX_WAITING = 4096;

/** The error that ends a subscription which can't go on without a gap. */
export function resyncRequired(why: string): ApiError {
  return new ApiError('RESYNC_REQUIRED', `${why} Query again, then subscribe without \`after\`.`);
}

/** What the broker tells of every event. */
export interface Subscriber {
  push(event: LiveEvent): void;
  /** No event follows; with a failure, because the history has a gap. */
  end(failure?: Error): void;
}

/**
 * The events that wait for one subscriber: bounded, so that one that never reads costs a fixed amount of memory and is
 * told so. One reader at a time.
 */
export class EventQueue implements Subscriber {
  private waiting: LiveEvent[] = [];
  private wake: (() => void) | undefined;
  private ended = false;
  private failure: Error | undefined;

  constructor(
    readonly accepts: (event: LiveEvent) => boolean,
    private readonly onEnd: (queue: EventQueue) => void,
  ) {}

  push(event: LiveEvent): void {
    if (this.ended || !this.accepts(event)) return;
    if (this.waiting.length >= MAX_WAITING) {
      this.waiting = [];
      this.end(resyncRequired(`The subscriber fell more than ${MAX_WAITING} events behind.`));
      return;
    }
    this.waiting.push(event);
    this.wake?.();
  }

  /** Ends the queue: what waits is still read unless there is a failure, which the reader gets at once. */
  end(failure?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    if (failure) this.waiting = [];
    this.onEnd(this);
    this.wake?.();
  }

  /** The next event; undefined when the queue has ended. Rejects with the failure that ended it. */
  async next(): Promise<LiveEvent | undefined> {
    while (this.waiting.length === 0) {
      if (this.failure) throw this.failure;
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
    return this.waiting.shift();
  }

  /** The events that wait now, the first `most` of them. */
  take(most: number): LiveEvent[] {
    return this.waiting.splice(0, most);
  }
}
