import { createServer, type Server, type Socket } from 'node:net';
import { CloseConnection, dispatch } from '../commands/dispatch';
import { MAX_MESSAGE_BYTES } from '../commands/hello';
import type { Engine } from '../engine';
import { MongoError } from '../errors';
import { doc, int } from '../values/value';
import { frameReply, parseMessage, ProtocolViolation, readHeader, type ParsedMessage } from './message';

const SMALLEST_MESSAGE = 16 + 5;

/** Serves MongoDB's wire protocol on any number of listening sockets. */
export class WireServer {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private connections = 0;
  private requests = 0;
  private running = 0;

  constructor(
    private readonly engine: Engine,
    private readonly report: (message: string, fields: Record<string, unknown>) => void,
  ) {}

  /** Listens on a socket path, or on a loopback port (0: any free one). Resolves with the port, or undefined for a path. */
  async listen(where: { path: string } | { port: number }, address: (port: number) => string): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.accept(socket, address(portOf(server))));
    this.servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen('path' in where ? { path: where.path } : { port: where.port, host: '127.0.0.1' }, resolve);
    });
    return portOf(server);
  }

  /** Takes no more requests, waits for those that run (up to `graceMs`), closes all connections. */
  async close(graceMs: number): Promise<void> {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.pause();
    const until = Date.now() + graceMs;
    while (this.running > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket, address: string): void {
    const connectionId = ++this.connections;
    this.sockets.add(socket);
    this.engine.connections = this.sockets.size;
    let chunks: Buffer[] = [];
    let buffered = 0;
    // Requests of one connection are answered in order, so each waits for the one before it.
    let previous: Promise<void> = Promise.resolve();
    const feed = (chunk: Buffer): void => {
      chunks.push(chunk);
      buffered += chunk.length;
      let first = chunks[0] as Buffer;
      if (first.length < 16 && buffered >= 16) chunks = [(first = Buffer.concat(chunks))];
      if (first.length < 16 || buffered < checkLength(readHeader(first).length)) return;
      let rest = chunks.length === 1 ? first : Buffer.concat(chunks);
      while (rest.length >= 16) {
        const length = checkLength(readHeader(rest).length);
        if (rest.length < length) break;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        previous = previous.then(() => this.answer(socket, message, connectionId, address));
      }
      chunks = rest.length > 0 ? [rest] : [];
      buffered = rest.length;
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        feed(chunk);
      } catch (error) {
        this.violation(socket, error);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.engine.connections = this.sockets.size;
    });
  }

  private async answer(socket: Socket, message: Buffer, connectionId: number, address: string): Promise<void> {
    if (socket.destroyed) return;
    this.running++;
    try {
      let parsed: ParsedMessage;
      try {
        parsed = parseMessage(message);
      } catch (error) {
        if (!(error instanceof MongoError)) throw error;
        const body = doc({ ok: 0, errmsg: error.message, code: int(error.code), codeName: error.codeName });
        socket.write(frameReply({ body }, readHeader(message), ++this.requests));
        return;
      }
      const { header, body, sequences, silent } = parsed;
      const reply = await dispatch(this.engine, { body, sequences, connectionId, address });
      if (!silent && !socket.destroyed) socket.write(frameReply(reply, header, ++this.requests));
    } catch (error) {
      this.violation(socket, error);
    } finally {
      this.running--;
    }
  }

  private violation(socket: Socket, error: unknown): void {
    if (!(error instanceof CloseConnection)) {
      const known = error instanceof ProtocolViolation;
      const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
      this.report('A connection was closed for a request that could not be read', { reason: text });
    }
    socket.destroy();
  }
}

function checkLength(length: number): number {
  if (length < SMALLEST_MESSAGE || length > MAX_MESSAGE_BYTES) {
    throw new ProtocolViolation(`Message of ${length} bytes; allowed are ${SMALLEST_MESSAGE} to ${MAX_MESSAGE_BYTES}`);
  }
  return length;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
