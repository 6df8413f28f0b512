import { once } from 'node:events';
import { WebSocket } from 'ws';
import { socketUrl } from '../kit/subscribe';
import type { HostileInput } from './inputs';

/** What an input came back with: the errors of the answer, and those that a batch reports by index. */
export interface Outcome {
  errors: { message: string; code: string | undefined }[];
}

/** A way to send operations. */
export interface Transport {
  /** Whether it can carry the input at all. */
  carries: (input: HostileInput) => boolean;
  /** `taken`: whether it should be; a subscription that is says nothing, and one that is not may take its time. */
  send: (input: HostileInput, taken: boolean) => Promise<Outcome>;
  close: () => Promise<void>;
}

interface Answer {
  data?: Record<string, { errors?: { code: string; message: string }[] } | null> | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

function outcomeOf({ data, errors = [] }: Answer): Outcome {
  const byIndex = Object.values(data ?? {}).flatMap((payload) => payload?.errors ?? []);
  return {
    errors: [...errors.map(({ message, extensions }) => ({ message, code: extensions?.code })), ...byIndex],
  };
}

/** The input as the JSON text of a request. */
function bodyOf({ document, variables }: HostileInput): string {
  return `{"query":${JSON.stringify(document)},"variables":${variables}}`;
}

export function overHttp(url: string): Transport {
  return {
    carries: ({ kind }) => kind !== 'subscription',
    send: async (input) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body: bodyOf(input) });
      if (response.status >= 500) return { errors: [{ message: `status ${response.status}`, code: undefined }] };
      return outcomeOf((await response.json()) as Answer);
    },
    close: async () => {},
  };
}

/** A subscription is in place when this question behind it, which reads the database, has been answered. */
const FENCE = '{"query":"{ experiments { totalCount } }"}';

interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** The words that Python writes and JSON lacks: a message that holds them is none, and the protocol closes the socket. */
const BARE_WORD = /[[:,](NaN|-?Infinity)[\],}]/;

/** One socket for everything that is sent: it must outlive each of them. */
export async function overWebSocket(url: string): Promise<Transport> {
  const socket = new WebSocket(socketUrl(url), 'graphql-transport-ws');
  const waiting = new Map<string, (message: Message) => void>();
  let closed: string | undefined;
  socket.on('close', (code, reason) => {
    closed = `The socket was closed: ${code} ${reason.toString()}`;
    for (const settle of waiting.values()) settle({ type: 'error', payload: [{ message: closed }] });
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  let count = 0;
  const first = (body: string): { id: string; answer: Promise<Message> } => {
    const id = String(++count);
    const answer = new Promise<Message>((resolve) => {
      if (closed !== undefined) resolve({ type: 'error', payload: [{ message: closed }] });
      waiting.set(id, resolve);
    });
    socket.send(`{"id":"${id}","type":"subscribe","payload":${body}}`);
    return { id, answer };
  };
  return {
    carries: ({ variables }) => !BARE_WORD.test(variables),
    send: async (input, taken) => {
      const { id, answer } = first(bodyOf(input));
      const silent: Message = { type: 'complete' };
      const fence = input.kind === 'subscription' && taken ? first(FENCE).answer : undefined;
      const message = await (fence ? Promise.race([answer, fence.then(() => silent)]) : answer);
      waiting.delete(id);
      if (fence && message === silent) socket.send(`{"id":"${id}","type":"complete"}`);
      const { type, payload = {} } = message;
      return outcomeOf((type === 'error' ? { errors: payload } : payload) as Answer);
    },
    close: async () => {
      socket.close(1000);
      await once(socket, 'close');
    },
  };
}
