import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { execute, OperationTypeNode, type ExecutionResult, type GraphQLError } from 'graphql';
import { createHandler, type RequestParams } from 'graphql-sse';
import type { Admission } from '../auth/admission';
import type { Viewer } from '../auth/viewer';
import type { ContextFactory } from '../context';
import { ApiError } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import type { InTime } from '../execution/in-time';
import { operationOf, type Operations } from '../execution/operations';
import type { Prepare } from '../execution/prepare';
import type { Executions, Subscribe } from '../execution/subscribe';
import type { Admissions } from './admission';
import { clientOf, type Clients, type Release } from './clients';

export const STREAM_PATH = '/graphql/stream';

const EVENT_STREAM = 'text/event-stream';
/** Results of a subscription that may be on their way to a client before the next is taken from its queue. */
const MOST_UNTAKEN = 64;
const CLOSE_WITHIN_MS = 2_000;

const HEADERS = {
  'content-type': `${EVENT_STREAM}; charset=utf-8`,
  'cache-control': 'no-cache, no-transform',
  // Proxies such as nginx would otherwise hold events back until a buffer is full.
  'x-accel-buffering': 'no',
};

export interface StreamParts {
  prepare: Prepare;
  subscribe: Subscribe;
  createContext: ContextFactory;
  clientErrors: ClientErrors;
  operations: Operations;
  inTime: InTime;
  admissions: Admissions;
  /** Watches over who is in. */
  admission: Pick<Admission, 'hold'>;
  clients: Clients;
}

type Results = AsyncIterableIterator<ExecutionResult> & { return(): Promise<IteratorResult<ExecutionResult>> };

/**
 * Serves operations over Server-Sent Events in the protocol of graphql-sse, by its library, in the mode of distinct
 * connections: a request for each operation. (The library's other mode keeps reserved streams for ever, whoever reserved
 * them.) Gives the number of open streams, and what ends them.
 */
export function serveStream(
  app: FastifyInstance,
  parts: StreamParts,
): { count: () => number; close: () => Promise<void> } {
  /** The open streams, and what ends each: its client is told, and given a moment to take that in. */
  const streams = new Map<OpenStream, () => Promise<void>>();
  const handle = createHandler<FastifyRequest, OpenStream>({
    authenticate: () => null,
    onSubscribe: ({ context }, params) => run(parts, context, params),
  });
  app.route({
    url: STREAM_PATH,
    method: ['GET', 'POST'],
    onRequest: parts.admissions.everyRequest,
    handler: async (request, reply) => {
      if (!request.headers.accept?.includes(EVENT_STREAM)) {
        throw new ApiError('BAD_REQUEST', `Events come as ${EVENT_STREAM}: send it in the Accept header.`);
      }
      const viewer = request.viewer!;
      const countOut = countIn(parts.clients, clientOf(viewer, request.socket.remoteAddress));
      const stream = new OpenStream(request.method, viewer);
      const closed = new Promise<void>((resolve) => {
        reply.raw.once('close', () => {
          countOut();
          streams.delete(stream);
          release();
          void stream.stop();
          resolve();
        });
      });
      const end = async (error?: ApiError): Promise<void> => {
        await stream.stop(error);
        await Promise.race([closed, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
        reply.raw.destroy();
      };
      const release = parts.admission.hold(viewer, (error) => void end(error));
      const [body, { status }] = await handle({
        method: request.method,
        url: request.url,
        headers: { get: (name) => (name === 'accept' ? EVENT_STREAM : (request.headers[name] as string | undefined)) },
        body: (request.body ?? null) as Record<string, unknown> | null,
        raw: request,
        context: stream,
      });
      if (!body || typeof body === 'string') throw refusal(status, body);
      void closed.then(() => body.return(undefined));
      // The client may have gone before its subscription stood.
      if (reply.raw.destroyed) {
        await stream.stop();
        await body.return(undefined);
        return reply;
      }
      streams.set(stream, end);
      return reply.headers(HEADERS).send(Readable.from(stream.counted(body), { objectMode: false }));
    },
  });
  return {
    count: () => streams.size,
    close: async () => {
      await Promise.all([...streams.values()].map((end) => end()));
    },
  };
}

/** Counts a client's stream in, and the operation that it is for. */
function countIn(clients: Clients, client: string): Release {
  const releaseSocket = clients.addSocket(client);
  try {
    const releaseOperation = clients.addOperation(client);
    return () => {
      releaseSocket();
      releaseOperation();
    };
  } catch (error) {
    releaseSocket();
    throw error;
  }
}

/** The library's own refusals of a request in the words of the API. */
function refusal(status: number, body: string | null): ApiError {
  const { errors } = (body ? JSON.parse(body) : {}) as { errors?: { message: string }[] };
  const message = errors?.[0]?.message ?? `The request is refused with status ${status}`;
  return new ApiError('BAD_REQUEST', `${message}; send {"query": "…"} as JSON, or as parameters of the URL.`);
}

/** Runs an operation: what it comes to, or the results of a subscription as they come. */
async function run(
  { prepare, subscribe, createContext, clientErrors, operations, inTime }: StreamParts,
  stream: OpenStream,
  { query, operationName, variables }: RequestParams,
): Promise<ExecutionResult | Results> {
  const running = operations('sse');
  const failed = (errors: readonly unknown[]): ExecutionResult => ({
    // graphql-sse knows a result by this property.
    data: undefined as unknown as null,
    errors: errors.map(clientErrors) as object[] as GraphQLError[],
  });
  const refused = (errors: readonly unknown[]): ExecutionResult => {
    running.end(errors.map(clientErrors));
    return failed(errors);
  };
  const args = prepare({ query, operationName, variables }, stream.viewer);
  if (!('schema' in args)) return refused(args);
  const { operation } = operationOf(args.document, operationName)!;
  running.identify(operationOf(args.document, operationName), stream.viewer.name);
  if (operation === OperationTypeNode.SUBSCRIPTION) {
    const executions = await subscribe(args, stream.viewer);
    if (!(Symbol.asyncIterator in executions)) return refused(executions.errors ?? []);
    running.end([]);
    return stream.follow(executions, (error) => failed([error]));
  }
  if (operation === OperationTypeNode.MUTATION && stream.method === 'GET') {
    return refused([new ApiError('BAD_REQUEST', 'A mutation is sent by POST.')]);
  }
  const { data, errors } = await inTime(operation, () =>
    execute({ ...args, contextValue: createContext(stream.viewer) }),
  );
  running.end(errors?.map(clientErrors));
  return errors
    ? { data: data ?? null, errors: errors.map(clientErrors) as object[] as GraphQLError[] }
    : { data: data ?? null };
}

/** One request's stream of events. */
class OpenStream {
  private executions: Executions | undefined;
  private isStopped = false;
  private failure: ApiError | undefined;
  private untaken = 0;
  private makeRoom: (() => void) | undefined;

  constructor(
    readonly method: string,
    readonly viewer: Viewer,
  ) {}

  /** A subscription's results, held back while the client has not taken those before; a failure is the last of them. */
  follow(executions: Executions, toResult: (error: unknown) => ExecutionResult): Results {
    this.executions = executions;
    if (this.isStopped) void executions.return();
    const results = this.results(executions, toResult);
    const iterator: Results = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => results.next(),
      return: async () => {
        await this.stop();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  /** Ends the subscription; a client that is still there is told so, and of the error where there is one. */
  async stop(error?: ApiError): Promise<void> {
    this.isStopped = true;
    this.failure ??= error;
    this.makeRoom?.();
    await this.executions?.return();
  }

  /** What is sent, passed on while it is counted. */
  async *counted(body: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const message of body) {
      yield message;
      if (message.startsWith('event: next') && --this.untaken < MOST_UNTAKEN) this.makeRoom?.();
    }
  }

  private async *results(
    executions: Executions,
    toResult: (error: unknown) => ExecutionResult,
  ): AsyncGenerator<ExecutionResult, undefined> {
    try {
      for await (const { result } of executions) {
        yield result as ExecutionResult;
        if (++this.untaken >= MOST_UNTAKEN && !this.isStopped)
          await new Promise<void>((resolve) => (this.makeRoom = resolve));
      }
      if (this.failure) yield toResult(this.failure);
    } catch (error) {
      yield toResult(error);
    }
    return undefined;
  }
}
