import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute, type GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Admission } from '../auth/admission';
import { NOBODY, type Viewer } from '../auth/viewer';
import type { ContextFactory } from '../context';
import type { ClientErrors } from '../execution/client-errors';
import { operationOf, type Operations, type RunningOperation } from '../execution/operations';
import type { Prepare } from '../execution/prepare';
import type { Executions, Subscribe } from '../execution/subscribe';
import { asTask, currentTask, type Log } from '../log';
import { FrameWriter } from './frames';
import { GRAPHQL_PATH } from './graphql';
import type { FaultOfOrigin } from './origins';
import { REQUEST_ID, requestIdOf } from './request-ids';

/** How often a silent client is asked whether it is still there; it has as long to answer. */
const PING_MS = 12_000;
/** How long clients have to answer the server's goodbye. */
const CLOSE_WITHIN_MS = 2_000;

/** Of a client's id for an operation, what stands in the log. */
const LONGEST_ID = 128;
/** Close code of RFC 6455's registry, after which clients come back. */
const TRY_AGAIN_LATER = 1013;
/** The longest reason that a close frame holds, in bytes; ours are ASCII. */
const LONGEST_REASON = 123;

interface Extra {
  request: IncomingMessage;
  requestId: string;
  writer: FrameWriter;
  viewer: Viewer;
  admitted: (viewer: Viewer) => void;
  close: (code: number, reason: string) => void;
}

/** What `subscribe` needs beside the arguments of graphql-js: whose subscription it is, and where its results go. */
interface Delivery {
  id: string;
  extra: Extra;
  running: RunningOperation;
}

export interface WebSocketParts {
  prepare: Prepare;
  subscribe: Subscribe;
  createContext: ContextFactory;
  clientErrors: ClientErrors;
  operations: Operations;
  admission: Pick<Admission, 'admit' | 'hold'>;
  faultOfOrigin: FaultOfOrigin;
  log: Log;
  maxBytes: number;
}

/** The open WebSockets of a server. */
export interface WebSockets {
  /** How many there are. */
  count: () => number;
  /** Tells every client to come back, and closes. */
  close: () => Promise<void>;
}

/** Serves graphql-transport-ws, by graphql-ws, on the same path as HTTP. */
export function serveWebSocket(server: Server, parts: WebSocketParts): WebSockets {
  const { prepare, subscribe, createContext, clientErrors, operations, admission, faultOfOrigin, log } = parts;
  const deliveries = new WeakMap<ExecutionArgs, Delivery>();
  const protocol = makeServer<Record<string, unknown>, Extra>({
    onConnect: async ({ extra, connectionParams }) => {
      try {
        const { authorization } = extra.request.headers;
        extra.viewer = await admission.admit({ authorization, connectionParams });
        extra.admitted(extra.viewer);
        return true;
      } catch (error) {
        const [{ code }, message] = [clientErrors(error).extensions as { code: string }, (error as Error).message];
        log.debug({ err: error }, 'A WebSocket was refused');
        if (code === 'UNAUTHENTICATED') extra.close(CloseCode.Forbidden, message);
        // Not for lack of a token: to be tried again.
        else extra.close(TRY_AGAIN_LATER, 'Try again later');
        return false;
      }
    },
    onSubscribe: ({ extra }, id, payload) => {
      const task = currentTask();
      if (task) task.operationId = id.slice(0, LONGEST_ID);
      const running = operations('websocket');
      const args = prepare(payload, extra.viewer);
      if (isErrors(args)) {
        running.end(args.map(clientErrors));
        return args;
      }
      running.identify(operationOf(args.document, args.operationName), extra.viewer.name);
      const own = { ...args, contextValue: createContext(extra.viewer) };
      deliveries.set(own, { id, extra, running });
      return own;
    },
    execute: async (args) => {
      const result = await execute(args);
      deliveries.get(args)!.running.end(result.errors?.map(clientErrors));
      return result;
    },
    subscribe: async (args) => {
      const { id, extra, running } = deliveries.get(args)!;
      const executions = await subscribe(args, extra.viewer);
      running.end(Symbol.asyncIterator in executions ? [] : executions.errors?.map(clientErrors));
      return Symbol.asyncIterator in executions ? delivered(executions, id, extra.writer) : executions;
    },
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors && { data: result.data ?? null, errors: result.errors.map(clientErrors) },
    onError: (_context, _id, _payload, errors) => errors.map(clientErrors),
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: parts.maxBytes, handleProtocols });
  const serve = (webSocket: WebSocket, request: IncomingMessage, socket: Socket): void => {
    const writer = new FrameWriter(webSocket, socket);
    const requestId = requestIdOf(request.headers);
    const fail = (error: unknown): void => {
      const errorId = randomUUID();
      log.error({ err: error, errorId, requestId }, 'A WebSocket failed');
      webSocket.close(CloseCode.InternalServerError, `The server failed; its log has the reason under ${errorId}.`);
    };
    webSocket.on('error', (error) => log.debug({ err: error }, 'A WebSocket was broken'));
    const stopPinging = keepAlive(webSocket);
    let release = (): void => undefined;
    const extra: Extra = {
      request,
      requestId,
      writer,
      viewer: NOBODY,
      admitted: (viewer) => {
        release = admission.hold(viewer, ({ message }) => extra.close(CloseCode.Forbidden, message));
      },
      close: (code, reason) => webSocket.close(code, reason.slice(0, LONGEST_REASON)),
    };
    const closed = protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (text) => new Promise((resolve) => writer.send(text, resolve)),
        close: (code, reason) => webSocket.close(code, reason),
        onMessage: (receive) =>
          webSocket.on('message', (data: Buffer) =>
            asTask({ requestId }, () => void receive(data.toString()).catch(fail)),
          ),
      },
      extra,
    );
    webSocket.once('close', (code, reason) => {
      stopPinging();
      release();
      void closed(code, reason.toString()).catch(fail);
    });
  };
  sockets.on('headers', (headers, { headers: { [REQUEST_ID]: id } }) => headers.push(`${REQUEST_ID}: ${String(id)}`));
  server.on('upgrade', (request, socket: Socket, head) => {
    request.headers[REQUEST_ID] = requestIdOf(request.headers);
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== GRAPHQL_PATH) return void refuse('404 Not Found');
    if (faultOfOrigin(request.headers)) return void refuse('403 Forbidden');
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, request, socket));
  });
  return {
    count: () => sockets.clients.size,
    close: async () => {
      const open = [...sockets.clients];
      const gone = open.map((client) => new Promise((resolve) => client.once('close', resolve)));
      for (const client of open) client.close(1001, 'Going away');
      await Promise.race([Promise.all(gone), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
      for (const client of open) client.terminate();
      sockets.close();
    },
  };
}

function isErrors(args: ExecutionArgs | readonly GraphQLError[]): args is readonly GraphQLError[] {
  return Array.isArray(args);
}

/** Ends a connection whose client has silently gone; a function that stops asking. */
function keepAlive(webSocket: WebSocket): () => void {
  let answered = true;
  webSocket.on('pong', () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) return webSocket.terminate();
    answered = false;
    webSocket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

/**
 * Sends a subscription's results itself, with the text that identical subscriptions share, in place of handing each to
 * graphql-ws: to that, this is a subscription without results, which ends when there are no more. A client that does not
 * read leaves the events in its bounded queue.
 */
function delivered(
  executions: Executions,
  id: string,
  writer: FrameWriter,
): AsyncIterableIterator<ExecutionResult> & { return(): Promise<IteratorResult<ExecutionResult>> } {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const end = { done: true, value: undefined } as const;
  let isStopped = false;
  const iterator = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      for (;;) {
        const batch = await executions.batch();
        if (!batch) return end;
        for (const one of batch) {
          const { text } = one instanceof Promise ? await one : one;
          if (isStopped) return end;
          writer.send(`${head}${text}}`);
        }
        await writer.room();
      }
    },
    return: async () => {
      isStopped = true;
      await executions.return();
      return end;
    },
  };
  return iterator;
}
