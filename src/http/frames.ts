import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Bytes that may wait to be sent before whoever writes should pause. */
const HIGH_WATER_BYTES = 1024 * 1024;

interface Message {
  text: string;
  sent: (() => void) | undefined;
}

/** Lengths that fit in the second byte of a frame are below the first of these, in two more bytes below the second. */
const [TWO_BYTES, EIGHT_BYTES] = [126, 65_536];
const FINAL_TEXT = 0x81;

/**
 * Messages as a server sends them, one behind the other, each a text frame: final and unmasked (RFC 6455, section 5.2). The
 * library would hand each to the socket in two pieces; most of the cost of a message to many is in what the system is
 * called for.
 */
function framesOf(messages: readonly Message[]): Buffer {
  const lengths = messages.map(({ text }) => Buffer.byteLength(text));
  const sizes = lengths.map((length) => length + (length < TWO_BYTES ? 2 : length < EIGHT_BYTES ? 4 : 10));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  messages.forEach(({ text }, index) => {
    const length = lengths[index]!;
    bytes[at++] = FINAL_TEXT;
    if (length < TWO_BYTES) bytes[at++] = length;
    else if (length < EIGHT_BYTES) {
      bytes[at++] = TWO_BYTES;
      at = bytes.writeUInt16BE(length, at);
    } else {
      bytes[at++] = TWO_BYTES + 1;
      at = bytes.writeBigUInt64BE(BigInt(length), at);
    }
    at += bytes.write(text, at);
  });
  return bytes;
}

/**
 * Writes a WebSocket's messages: those of one turn of the event loop leave in one piece. Only for sockets without
 * permessage-deflate, whose frames no other part of the library holds back.
 */
export class FrameWriter {
  private messages: Message[] = [];
  private waiting: (() => void)[] = [];

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket,
  ) {
    webSocket.once('close', () => this.release());
  }

  /** Sends a message behind those before it; `sent` is called when it has left, or can't any more. */
  send(text: string, sent?: () => void): void {
    if (this.messages.push({ text, sent }) === 1) setImmediate(() => this.flush());
  }

  /** Undefined while more may be written; otherwise resolves when enough of what waits has left. */
  room(): Promise<void> | undefined {
    if (this.isOpen && this.webSocket.bufferedAmount >= HIGH_WATER_BYTES) {
      return new Promise((resolve) => this.waiting.push(resolve));
    }
    return undefined;
  }

  private get isOpen(): boolean {
    return this.webSocket.readyState === this.webSocket.OPEN;
  }

  private flush(): void {
    const messages = this.messages;
    this.messages = [];
    const left = (): void => {
      for (const { sent } of messages) sent?.();
      if (this.webSocket.bufferedAmount < HIGH_WATER_BYTES) this.release();
    };
    if (this.isOpen) this.socket.write(framesOf(messages), left);
    else left();
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
