import { once } from 'node:events';
import { WebSocket } from 'ws';
import { socketUrl } from '../kit/subscribe';

/** What an operation came back with, whatever it came by. */
export interface Answer {
  data?: any;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } & Record<string, unknown> }[];
}

/** A way to send an operation and get its one answer. */
export interface Transport {
  name: string;
  ask: (document: string, variables?: Record<string, unknown>, extra?: Record<string, unknown>) => Promise<Answer>;
  close: () => void;
}

export function overHttp(url: string): Transport {
  return {
    name: 'HTTP',
    ask: async (query, variables, extra) => {
      const headers = { 'content-type': 'application/json', connection: 'close' };
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables, ...extra }),
      });
      return (await response.json()) as Answer;
    },
    close: () => undefined,
  };
}

/** HTTP by GET, with the operation in the address. */
export function overGet(url: string): Transport {
  return {
    name: 'GET',
    ask: async (query, variables = {}, extra = {}) => {
      const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
      for (const [name, value] of Object.entries(extra)) parameters.set(name, String(value));
      const headers = { 'apollo-require-preflight': '1', connection: 'close' };
      return (await (await fetch(`${url}?${parameters.toString()}`, { headers })).json()) as Answer;
    },
    close: () => undefined,
  };
}

/** Server-Sent Events: the first result. */
export function overStream(url: string): Transport {
  return {
    name: 'SSE',
    ask: async (query, variables, extra) => {
      const response = await fetch(`${url}/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', connection: 'close' },
        body: JSON.stringify({ query, variables, ...extra }),
      });
      const text = await response.text();
      const [, data] = /event: next\ndata: (.*)\n/.exec(text) ?? [];
      return JSON.parse(data ?? text) as Answer;
    },
    close: () => undefined,
  };
}

interface Message {
  id?: string;
  type: string;
  payload?: any;
}

/** One open WebSocket on which messages are sent as they are. */
export class RawSocket {
  /** Everything that came, in order. */
  readonly received: Message[] = [];
  /** The code and reason of the closing. */
  readonly closed: Promise<[code: number, reason: string]>;
  private readonly waiting = new Set<() => void>();
  private count = 0;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve([code, reason.toString()]);
        for (const wake of this.waiting) wake();
      });
    });
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as Message);
      for (const wake of this.waiting) wake();
    });
  }

  /** Opens one; unless told otherwise, it is initialised. */
  static async open(
    url: string,
    { init = true, headers = {}, payload }: { init?: boolean; headers?: Record<string, string>; payload?: object } = {},
  ): Promise<RawSocket> {
    const socket = new WebSocket(socketUrl(url), ['graphql-transport-ws'], { headers });
    const raw = new RawSocket(socket);
    await once(socket, 'open');
    if (init) {
      raw.send({ type: 'connection_init', ...(payload ? { payload } : {}) });
      await raw.until(({ type }) => type === 'connection_ack');
    }
    return raw;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends an operation; its id. */
  subscribe(query: string, variables?: Record<string, unknown>, extra: Record<string, unknown> = {}): string {
    const id = `o${++this.count}`;
    this.send({ id, type: 'subscribe', payload: { query, variables, ...extra } });
    return id;
  }

  /** The first message that has come or will come of which this is true. Rejects when the socket is closed first. */
  async until(is: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.received.find(is);
      if (found) return found;
      if (!this.isOpen) throw new Error(`The socket is closed: ${(await this.closed).join(' ')}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }

  /** The first answer to an operation. */
  async answerTo(id: string): Promise<Answer> {
    const { type, payload } = await this.until((message) => message.id === id && message.type !== 'complete');
    return type === 'error' ? { errors: payload } : payload;
  }

  ask(query: string, variables?: Record<string, unknown>, extra?: Record<string, unknown>): Promise<Answer> {
    return this.answerTo(this.subscribe(query, variables, extra));
  }

  close(): void {
    this.socket.terminate();
  }
}

export async function overWebSocket(url: string): Promise<Transport & { raw: RawSocket }> {
  const raw = await RawSocket.open(url);
  return { name: 'WebSocket', raw, ask: raw.ask.bind(raw), close: () => raw.close() };
}

/** Every transport, over one WebSocket. */
export async function everyTransport(url: string): Promise<Transport[]> {
  return [overHttp(url), overGet(url), await overWebSocket(url), overStream(url)];
}
