import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute, GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Admission } from '../auth/admission';
import { NOBODY, type Viewer } from '../auth/viewer';
import type { ContextFactory } from '../context';
import { ApiError } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import type { InTime } from '../execution/in-time';
import { operationOf, type Operations, type RunningOperation } from '../execution/operations';
import type { Prepare } from '../execution/prepare';
import type { Executions, Subscribe } from '../execution/subscribe';
import { figureOf, type Limits } from '../limits';
import { asTask, currentTask, type Log } from '../log';
import { clientOf, type Clients, type Release } from './clients';
import { FrameWriter } from './frames';
import { GRAPHQL_PATH } from './graphql';
import { MessageRate, operationIn } from './message-rate';
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
  /** Whose limits count. */
  client: string;
  admitted: (viewer: Viewer) => void;
  close: (code: number, reason: string) => void;
}

/** What `subscribe` needs beside the arguments of graphql-js: whose subscription it is, and where its results go. */
interface Delivery {
  id: string;
  extra: Extra;
  running: RunningOperation;
  /** Counts the operation out again. */
  release: Release;
}

export interface WebSocketParts {
  prepare: Prepare;
  subscribe: Subscribe;
  createContext: ContextFactory;
  clientErrors: ClientErrors;
  operations: Operations;
  inTime: InTime;
  admission: Pick<Admission, 'admit' | 'hold'>;
  faultOfOrigin: FaultOfOrigin;
  log: Log;
  clients: Clients;
  limits: Pick<Limits, 'bodyBytes' | 'operationsPerSocket' | 'messagesPerSecond'>;
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
  const { prepare, subscribe, createContext, clientErrors, operations, inTime, log } = parts;
  const { admission, faultOfOrigin, clients, limits } = parts;
  const deliveries = new WeakMap<ExecutionArgs, Delivery>();
  /** What fails in one operation is that operation's result: thrown, it would end the socket and all that is on it. */
  const failed = (error: unknown, running: RunningOperation): ExecutionResult => {
    const errors = [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })];
    running.end(errors.map(clientErrors));
    return { errors };
  };
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
        else extra.close(TRY_AGAIN_LATER, code === 'LIMIT_EXCEEDED' ? message : 'Try again later');
        return false;
      }
    },
    onSubscribe: ({ extra, subscriptions }, id, payload) => {
      const task = currentTask();
      if (task) task.operationId = id.slice(0, LONGEST_ID);
      const running = operations('websocket');
      const refused = (errors: readonly GraphQLError[]): readonly GraphQLError[] => {
        running.end(errors.map(clientErrors));
        return errors;
      };
      const args = prepare(payload, extra.viewer);
      if (isErrors(args)) return refused(args);
      let release: Release;
      try {
        assertRoom(Object.keys(subscriptions).length, limits);
        release = clients.addOperation(extra.client);
      } catch (error) {
        return refused([error as GraphQLError]);
      }
      running.identify(operationOf(args.document, args.operationName), extra.viewer.name);
      const own = { ...args, contextValue: createContext(extra.viewer) };
      deliveries.set(own, { id, extra, running, release });
      return own;
    },
    execute: async (args) => {
      const { operation } = operationOf(args.document, args.operationName)!;
      const { running, release } = deliveries.get(args)!;
      try {
        const result = await inTime(operation, () => execute(args));
        running.end(result.errors?.map(clientErrors));
        return result;
      } catch (error) {
        return failed(error, running);
      } finally {
        release();
      }
    },
    subscribe: async (args) => {
      const { id, extra, running, release } = deliveries.get(args)!;
      try {
        const executions = await subscribe(args, extra.viewer);
        running.end(Symbol.asyncIterator in executions ? [] : executions.errors?.map(clientErrors));
        if (Symbol.asyncIterator in executions) return delivered(executions, id, extra.writer, release);
        release();
        return executions;
      } catch (error) {
        release();
        return failed(error, running);
      }
    },
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors && { data: result.data ?? null, errors: result.errors.map(clientErrors) },
    onError: (_context, _id, _payload, errors) => errors.map(clientErrors),
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes, handleProtocols });
  const serve = (
    webSocket: WebSocket,
    request: IncomingMessage,
    socket: Socket,
    address: string,
    counted: Release,
  ): void => {
    let countOut = counted;
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
      client: address,
      admitted: (viewer) => {
        extra.client = clientOf(viewer, socket.remoteAddress);
        if (extra.client !== address) {
          // Until now it was counted by its address.
          const countOutAddress = countOut;
          countOut = clients.addSocket(extra.client);
          countOutAddress();
        }
        release = admission.hold(viewer, ({ message }) => extra.close(CloseCode.Forbidden, message));
      },
      close: (code, reason) => webSocket.close(code, reason.slice(0, LONGEST_REASON)),
    };
    const rate = new MessageRate(limits.messagesPerSecond);
    /** Whether a message is not served for being too many; nothing more is read then until the second is over. */
    const isPastRate = (text: string): boolean => {
      const wait = rate.excess();
      if (wait === 0) return false;
      const operation = operationIn(text);
      if (operation === 'end') return false;
      if (operation) writer.send(refusalOf(operation.begins, clientErrors(tooManyMessages(limits))));
      if (!webSocket.isPaused) {
        webSocket.pause();
        setTimeout(() => webSocket.resume(), wait);
      }
      return true;
    };
    const closed = protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (text) => new Promise((resolve) => writer.send(text, resolve)),
        close: (code, reason) => webSocket.close(code, reason),
        onMessage: (receive) =>
          webSocket.on('message', (data: Buffer) => {
            const text = data.toString();
            if (isPastRate(text)) return;
            asTask({ requestId }, () => void receive(text).catch(fail));
          }),
      },
      extra,
    );
    webSocket.once('close', (code, reason) => {
      stopPinging();
      countOut();
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
    const address = clientOf(NOBODY, socket.remoteAddress);
    let countOut: Release;
    try {
      countOut = clients.addSocket(address);
    } catch {
      return void refuse('429 Too Many Requests');
    }
    socket.once('close', countOut);
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, request, socket, address, countOut));
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

/** LIMIT_EXCEEDED where a socket has more operations under way, this one among them, than it may have. */
function assertRoom(count: number, { operationsPerSocket }: Pick<Limits, 'operationsPerSocket'>): void {
  if (count <= operationsPerSocket) return;
  const limit = figureOf('operationsPerSocket', operationsPerSocket);
  throw new ApiError(
    'LIMIT_EXCEEDED',
    `The socket has as many operations and subscriptions under way as the limit of ${limit}; end one.`,
  );
}

function tooManyMessages({ messagesPerSecond }: Pick<Limits, 'messagesPerSecond'>): ApiError {
  const limit = figureOf('messagesPerSecond', messagesPerSecond);
  return new ApiError(
    'LIMIT_EXCEEDED',
    `More messages came in a second than the limit of ${limit}; send it again later.`,
  );
}

/** The message that refuses an operation which graphql-ws has not been told of. */
function refusalOf(id: string, error: GraphQLFormattedError): string {
  return JSON.stringify({ id, type: 'error', payload: [error] });
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
  release: Release,
): AsyncIterableIterator<ExecutionResult> & { return(): Promise<IteratorResult<ExecutionResult>> } {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const end = { done: true, value: undefined } as const;
  let isStopped = false;
  const iterator = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      try {
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
      } finally {
        release();
      }
    },
    return: async () => {
      isStopped = true;
      release();
      await executions.return();
      return end;
    },
  };
  return iterator;
}
