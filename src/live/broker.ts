import type { LiveEvent } from './events';
import { EventQueue, resyncRequired, type Subscriber } from './queue';

/** Recent events kept for subscribers that reconnect within moments. */
const RING_SIZE = 1024;

/** Fans the events of the one change stream out to the subscribers of this server, in commit order. */
export class Broker {
  private readonly subscriptions = new Set<Subscriber>();
  /** Recent events in order, and marks between them as null; a Map so that a cursor is found at once. */
  private readonly ring = new Map<string, LiveEvent | null>();
  private lastMark: string | undefined;

  /** How many subscribers there are. */
  get subscribers(): number {
    return this.subscriptions.size;
  }

  publish(event: LiveEvent): void {
    this.remember(event.cursor, event);
    this.lastMark = undefined;
    for (const subscriber of this.subscriptions) subscriber.push(event);
  }

  /** A place in the history where nothing happened to records, from which subscribers may continue all the same. */
  mark(cursor: string): void {
    // While nothing happens there is one mark, or an idle day would push out the events before it.
    if (this.lastMark !== undefined) this.ring.delete(this.lastMark);
    this.remember(cursor, null);
    this.lastMark = cursor;
  }

  private remember(cursor: string, event: LiveEvent | null): void {
    this.ring.set(cursor, event);
    if (this.ring.size > RING_SIZE) this.ring.delete(this.ring.keys().next().value!);
  }

  /** The stream has a gap here: nobody can go on from before it. */
  reset(): void {
    this.ring.clear();
    this.lastMark = undefined;
    for (const subscriber of this.subscriptions) subscriber.end(resyncRequired('The history of changes has a gap.'));
  }

  /** Ends every subscription normally; for the server's shutdown. */
  close(): void {
    for (const subscriber of this.subscriptions) subscriber.end();
  }

  /** A queue of the accepted events from now on. Its reader must end it. */
  open(accepts: (event: LiveEvent) => boolean): EventQueue {
    const queue = new EventQueue(accepts, (ended) => this.subscriptions.delete(ended));
    this.subscriptions.add(queue);
    return queue;
  }

  /** Tells a subscriber of every event from now on, until the function that it returns is called. */
  attach(subscriber: Subscriber): () => void {
    this.subscriptions.add(subscriber);
    return () => void this.subscriptions.delete(subscriber);
  }

  /** A queue of the accepted events behind a recent place, itself left out; undefined if that one is not remembered. */
  openAfter(cursor: string, accepts: (event: LiveEvent) => boolean): EventQueue | undefined {
    if (!this.ring.has(cursor)) return undefined;
    const queue = this.open(accepts);
    let behind = false;
    for (const [place, event] of this.ring) {
      if (behind && event) queue.push(event);
      behind ||= place === cursor;
    }
    return queue;
  }
}
