import type { LiveEvent } from './events';
import { EventQueue, resyncRequired } from './queue';

/** Recent events kept for subscribers that reconnect within moments. */
const RING_SIZE = 1024;

/** Fans the events of the one change stream out to the subscribers of this server, in commit order. */
export class Broker {
  private readonly queues = new Set<EventQueue>();
  /** Recent events in order; a Map so that a cursor is found at once. */
  private readonly ring = new Map<string, LiveEvent>();

  /** How many subscribers there are. */
  get subscribers(): number {
    return this.queues.size;
  }

  publish(event: LiveEvent): void {
    this.ring.set(event.cursor, event);
    if (this.ring.size > RING_SIZE) this.ring.delete(this.ring.keys().next().value!);
    for (const queue of this.queues) queue.push(event);
  }

  /** The stream has a gap here: nobody can go on from before it. */
  reset(): void {
    this.ring.clear();
    for (const queue of this.queues) queue.end(resyncRequired('The history of changes has a gap.'));
  }

  /** Ends every subscription normally; for the server's shutdown. */
  close(): void {
    for (const queue of this.queues) queue.end();
  }

  /** A queue of the accepted events from now on. Its reader must end it. */
  open(accepts: (event: LiveEvent) => boolean): EventQueue {
    const queue = new EventQueue(accepts, (ended) => this.queues.delete(ended));
    this.queues.add(queue);
    return queue;
  }

  /** A queue of the accepted events behind a recent one, itself left out; undefined if that one is not remembered. */
  openAfter(cursor: string, accepts: (event: LiveEvent) => boolean): EventQueue | undefined {
    if (!this.ring.has(cursor)) return undefined;
    const queue = this.open(accepts);
    let behind = false;
    for (const event of this.ring.values()) {
      if (behind) queue.push(event);
      behind ||= event.cursor === cursor;
    }
    return queue;
  }
}
