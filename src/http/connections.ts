import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const POLL_MS = 50;
/** How long requests that are under way may take once the server closes. */
const FINISH_WITHIN_MS = 5_000;

/**
 * Knows which connections of a server have a request under way, so that it can close without waiting for the others:
 * Node's own closeIdleConnections leaves those on which no request has come yet, such as browsers open in advance.
 */
export class Connections {
  /** The number of requests under way on each. */
  private readonly requests = new Map<Socket, number>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.requests.set(socket, 0);
      socket.once('close', () => this.requests.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
  }

  /** Ends connections while `closing` is not over: idle ones at once, and all of them when requests take too long. */
  async endDuring(closing: PromiseLike<unknown>): Promise<void> {
    const since = Date.now();
    const timer = setInterval(() => this.end(Date.now() - since > FINISH_WITHIN_MS), POLL_MS);
    this.end(false);
    try {
      await closing;
    } finally {
      clearInterval(timer);
    }
  }

  private end(all: boolean): void {
    for (const [socket, requests] of this.requests) if (all || requests === 0) socket.destroy();
  }

  private count(socket: Socket, change: number): void {
    const requests = this.requests.get(socket);
    if (requests !== undefined) this.requests.set(socket, requests + change);
  }
}
