import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Bytes that may wait to be sent before whoever writes should pause. */
const HIGH_WATER_BYTES = 1024 * 1024;

interface Message {
  text: string;
  sent: (() => void) | undefined;
}

/** Writes a WebSocket's messages: those of one turn of the event loop leave in one piece. */
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
    const last = messages.at(-1);
    this.socket.cork();
    for (const message of messages) {
      const { text, sent } = message;
      const whenSent =
        message === last
          ? () => {
              sent?.();
              if (this.webSocket.bufferedAmount < HIGH_WATER_BYTES) this.release();
            }
          : sent;
      if (this.isOpen) this.webSocket.send(text, whenSent);
      else whenSent?.();
    }
    this.socket.uncork();
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
