import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { ApiError } from '../errors';
import { figureOf } from '../limits';

const times = new AsyncLocalStorage<OperationTime>();

/**
 * The time that one operation of a client has. Whatever reads the database on its behalf, at any depth, gets the signal
 * that ends the read when the time is over (`readLimit`), and writes are begun and waited for no longer. What the
 * operation leaves running when it is answered is not bound by it any more.
 */
export class OperationTime {
  /**
   * Whether the operation may have written: its error then says that the outcome is unknown, and clients repeat it. To be
   * set before it runs.
   */
  mayWrite = false;

  private readonly end: number;
  private controller: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(private readonly seconds: number) {
    this.end = Date.now() + seconds * 1000;
  }

  /** Milliseconds that are left; 0 when it is over. */
  get leftMs(): number {
    return Math.max(this.end - Date.now(), 0);
  }

  /** Aborts when the time is over, with `error` as its reason. */
  get signal(): AbortSignal {
    if (!this.controller) {
      const controller = (this.controller = new AbortController());
      // An operation reads as often as its document asks.
      setMaxListeners(0, controller.signal);
      this.timer = setTimeout(() => controller.abort(this.error), this.leftMs);
    }
    return this.controller.signal;
  }

  /** What the client is told. */
  get error(): ApiError {
    const limit = figureOf('operationSeconds', this.seconds);
    return this.mayWrite
      ? new ApiError(
          'DATABASE_UNAVAILABLE',
          `The operation took longer than the limit of ${limit} seconds, and what it writes may be stored or not. ` +
            'Retry later; a repeated write is stored once.',
        )
      : new ApiError(
          'TIMED_OUT',
          `The operation took longer than the limit of ${limit} seconds and was ended. Ask for less at a time, or try ` +
            'again when the database has less to do.',
        );
  }

  /** Whether the operation has been answered. */
  get isAnswered(): boolean {
    return this.over;
  }

  /** Runs the operation. */
  run<T>(work: () => T): T {
    let result;
    try {
      result = times.run(this, work);
    } catch (error) {
      this.answered();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.answered()) as T;
    this.answered();
    return result;
  }

  private answered(): void {
    this.over = true;
    clearTimeout(this.timer);
  }
}

/** The time of the operation that is at work here; undefined for what the server does on its own. */
export function currentTime(): OperationTime | undefined {
  const time = times.getStore();
  return time?.isAnswered ? undefined : time;
}

/** Throws the error of the operation that set this work going where its time is over, whether or not it is answered. */
export function throwIfOver(): void {
  const time = times.getStore();
  if (time?.leftMs === 0) throw time.error;
}

/** Runs what several operations have part in, so that the time of none of them ends it. */
export function onNobodysTime<T>(work: () => T): T {
  return times.exit(work);
}
