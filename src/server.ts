import cors from '@fastify/cors';
import { fastify, type FastifyReply } from 'fastify';
import packageJson from '../package.json';
import { Admission } from './auth/admission';
import type { Config } from './config';
import { createContextFactory } from './context';
import { ApiError, StartupError } from './errors';
import { createClientErrors } from './execution/client-errors';
import { createCompiled } from './execution/compiled';
import { createDocuments } from './execution/documents';
import { createInTime } from './execution/in-time';
import { createOperations } from './execution/operations';
import { createPrepare } from './execution/prepare';
import { createSubscribe } from './execution/subscribe';
import { MAX_INPUT_DEPTH, MAX_INPUT_OBJECTS, MAX_LIST_ITEMS } from './execution/variable-limits';
import { createAdmissions } from './http/admission';
import { parseBody } from './http/body';
import { Clients } from './http/clients';
import { serveCompressed } from './http/compression';
import { createAnswerCompiled } from './http/compiled';
import { Connections } from './http/connections';
import { GRAPHQL_PATH, serveGraphQL } from './http/graphql';
import { handleErrors } from './http/errors';
import { HEALTH_PATHS, serveHealth } from './http/health';
import { Metrics } from './http/metrics';
import { createFaultOfOrigin } from './http/origins';
import { HEADERS_WITHIN_MS, LOOK_EVERY_MS, refuseConnection } from './http/refused-connections';
import { REQUEST_ID, requestIdOf } from './http/request-ids';
import { serveSites } from './http/sites';
import { serveStream } from './http/stream';
import { serveWebSocket } from './http/websocket';
import { Broker } from './live/broker';
import { ChangeFeed } from './live/feed';
import { Heart } from './live/heart';
import { Live } from './live/subscriptions';
import { asTask, currentTask, type Log } from './log';
import { openConfiguredDatabase } from './open-database';
import { createSchema } from './schema';
import { createStores, type Stores } from './stores';
import { CHECKPOINT_LIMITS } from './stores/checkpoints';
import { EPOCH_LIMITS, MAX_BATCH } from './stores/epochs';
import { EXPERIMENT_LIMITS } from './stores/experiments';
import { HeartbeatStore } from './stores/heartbeats';
import { withinTime } from './stores/time-limits';
import { MAX_SUBJECTS, SUBJECT_LIMITS } from './stores/subjects';
import { MAX_DOCUMENT_BYTES, MAX_NESTING } from './stores/values';

/** How long closing may take: whoever runs a server ends it the hard way after 10 s (docker stop). */
const CLOSE_WITHIN_MS = 8_000;
/** What each part has yet where that time is over. */
const LAST_MOMENT_MS = 100;

export const VERSION = packageJson.version;

/** The limits that nothing sets. */
export const FIXED_LIMITS = {
  documentBytes: MAX_DOCUMENT_BYTES,
  nesting: MAX_NESTING,
  listItems: MAX_LIST_ITEMS,
  inputDepth: MAX_INPUT_DEPTH,
  inputObjects: MAX_INPUT_OBJECTS,
  epochsPerBatch: MAX_BATCH,
  subjectsPerBatch: MAX_SUBJECTS,
  experimentsPerPage: EXPERIMENT_LIMITS.max,
  epochsPerPage: EPOCH_LIMITS.max,
  checkpointsPerPage: CHECKPOINT_LIMITS.max,
  subjectsPerPage: SUBJECT_LIMITS.max,
} as const;

/** A running server. */
export interface EpochgraphServer {
  /** Where the API is, such as "http://127.0.0.1:4000/graphql". */
  readonly url: string;
  /** Where the dashboard is; undefined where it was not built. */
  readonly dashboard: string | undefined;
  /** Which database it uses, in words. */
  readonly database: string;
  readonly stores: Stores;
  /** How many subscriptions are open now. */
  readonly subscribers: () => number;
  /**
   * Tells subscribers, stops taking requests, finishes those under way, and closes everything in reverse order of its
   * start: within 8 s, whatever hangs.
   */
  readonly close: () => Promise<void>;
}

/**
 * Builds a server from its configuration and starts it; it takes requests when the promise resolves. The signal ends the
 * waiting for a database that does not answer yet.
 */
export async function createServer(
  config: Config,
  log: Log,
  { signal }: { signal?: AbortSignal } = {},
): Promise<EpochgraphServer> {
  const closers: (() => Promise<unknown>)[] = [];
  let isClosing = false;
  const close = async (): Promise<void> => {
    isClosing = true;
    const deadline = Date.now() + CLOSE_WITHIN_MS;
    for (const closer of closers.splice(0).reverse()) {
      await withinTime(closer(), Math.max(deadline - Date.now(), LAST_MOMENT_MS)).catch((error: unknown) =>
        log.error({ err: error }, 'A part of the server did not close'),
      );
    }
  };
  try {
    const metrics = new Metrics();
    const opened = await openConfiguredDatabase(config, log, {
      signal,
      observe: (name) => {
        const task = currentTask();
        if (task) task.commands += 1;
        return metrics.command(name);
      },
    });
    closers.push(() => opened.close());

    const stores = createStores(opened.database, log, config);
    const broker = new Broker();
    const heartbeats = new HeartbeatStore(opened.database);
    const admission = new Admission(stores.tokens, config, log);
    if (!(await admission.isPossible())) throw new StartupError(NO_TOKEN);
    const feed = new ChangeFeed(opened.database, broker, log, heartbeats.server, (id) => admission.changed(id));
    await feed.start();
    closers.push(() => feed.close());
    closers.push(async () => broker.close());
    const heart = new Heart(heartbeats, feed, log);
    heart.start();
    closers.push(() => heart.close());
    admission.start();
    closers.push(() => admission.close());

    const schema = createSchema();
    const createContext = createContextFactory({
      stores,
      live: new Live(stores, broker, feed, heart, log),
      server: {
        version: VERSION,
        embedded: opened.embedded,
        limits: { ...config.limits, ...FIXED_LIMITS, stalledAfterMinutes: config.stalledAfterMinutes },
      },
    });
    const clientErrors = createClientErrors(log);
    const inTime = createInTime(config.limits.operationSeconds);
    const documents = createDocuments(schema, config.limits, !config.production);
    const operations = createOperations({
      log,
      slowMs: config.slowOperationMs,
      onFinished: (operation) => metrics.operation(operation),
    });

    // While it closes, requests on open connections are still served, and told to close the connection.
    const app = fastify({
      bodyLimit: config.limits.bodyBytes,
      requestTimeout: config.limits.requestSeconds * 1000,
      // No byte in either direction for as long: neither a request nor an answer is on its way.
      connectionTimeout: (config.limits.requestSeconds + config.limits.operationSeconds) * 1000,
      http: {
        headersTimeout: Math.min(HEADERS_WITHIN_MS, config.limits.requestSeconds * 1000),
        connectionsCheckingInterval: LOOK_EVERY_MS,
      },
      clientErrorHandler: refuseConnection(config.limits, clientErrors),
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      genReqId: ({ headers }) => requestIdOf(headers),
      // The identifier of a subject is part of an address: 256 characters, of up to 9 once they are percent-encoded.
      routerOptions: { maxParamLength: 4096 },
      // Faults of an address come before there is a route whose error handler would be asked.
      frameworkErrors: (error, _request, reply: FastifyReply) => {
        const cause = new ApiError('BAD_REQUEST', error.message);
        void reply.code(error.statusCode ?? 400).send({ errors: [clientErrors(cause)] });
      },
    });
    app.server.maxConnections = config.limits.connections;
    // JSON alone is read: a form or a plain text is what a page of another origin can send without asking first.
    app.removeContentTypeParser(['application/json', 'text/plain']);
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, parseBody(body as string));
      } catch (error) {
        done(error as Error);
      }
    });
    app.addHook('onRequest', (request, reply, next) => {
      void reply.header(REQUEST_ID, request.id);
      asTask({ requestId: request.id }, next);
    });
    const faultOfOrigin = createFaultOfOrigin(config);
    app.addHook('onRequest', async (request) => {
      // Load balancers ask for the health of an address; what it says is for everybody.
      const fault = request.url.startsWith(HEALTH_PATHS) ? undefined : faultOfOrigin(request.headers);
      if (fault) throw new ApiError('FORBIDDEN', fault);
    });
    if (config.allowedOrigins.length > 0) {
      await app.register(cors, { origin: [...config.allowedOrigins], methods: ['GET', 'POST'], maxAge: 600 });
    }
    handleErrors(app, clientErrors, config.limits);
    await serveCompressed(app);
    const sendDashboard = await serveSites(app);
    if (!sendDashboard)
      log.warn('The dashboard is not built, so that only the API is served; `npm run build` builds it');
    app.setNotFoundHandler(async (request, reply) => {
      // A person who followed a link gets a page, a program gets JSON.
      const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
      if (sendDashboard && isPage) return sendDashboard(reply.code(404));
      const message = `There is nothing at ${request.method} ${request.url.split('?')[0]}; the API is at ${GRAPHQL_PATH}.`;
      return reply.code(404).send({ errors: [clientErrors(new ApiError('NOT_FOUND', message))] });
    });
    const live = {
      feedIsAlive: () => feed.isOpen && !heart.isSilent,
      subscribers: () => broker.subscribers,
      lagMs: () => heart.lagMs,
    };
    serveHealth(app, {
      ...live,
      stores,
      database: opened.embedded ? 'embedded' : `MongoDB ${opened.database.version}`,
      isClosing: () => isClosing,
    });
    const admissions = createAdmissions(app, (credentials) => admission.admit(credentials));
    const prepare = createPrepare(schema, documents);
    const compiled = config.execution === 'compiled' ? createCompiled(schema) : undefined;
    const answerCompiled =
      compiled && createAnswerCompiled({ compiled, prepare, createContext, operations, clientErrors });
    closers.push(
      await serveGraphQL(app, {
        schema,
        documents,
        createContext,
        clientErrors,
        operations,
        inTime,
        admissions,
        log,
        answerCompiled,
      }),
    );
    const subscribe = createSubscribe(createContext, clientErrors, inTime, compiled);
    const clients = new Clients(config.limits);
    const streaming = { prepare, subscribe, createContext, clientErrors, operations, inTime, admission, clients };
    const streams = serveStream(app, { ...streaming, admissions });
    const webSockets = serveWebSocket(app.server, { ...streaming, faultOfOrigin, log, limits: config.limits });
    metrics.serve(app, { ...live, webSockets: webSockets.count, streams: streams.count }, admissions);
    const connections = new Connections(app.server);
    closers.push(() => connections.endDuring(app.close()));
    const address = await app.listen({ port: config.port, host: config.host });
    closers.push(() => Promise.all([streams.close(), webSockets.close()]));

    return {
      url: `${address}${GRAPHQL_PATH}`,
      dashboard: sendDashboard && `${address}/`,
      database: opened.description,
      stores,
      subscribers: () => broker.subscribers,
      close,
    };
  } catch (error) {
    await close();
    throw toStartupError(error, config);
  }
}

const NO_TOKEN =
  'Other machines can reach this server (see HOST and REQUIRE_TOKENS), so that every caller needs a token, and there is ' +
  'none yet. Make one with `npx epochgraph token create NAME --role ADMIN`, or set ADMIN_TOKEN.';

/** A failure to listen as a sentence; anything else as it is. */
function toStartupError(error: unknown, { port, host }: Config): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return error;
  const why =
    code === 'EADDRINUSE'
      ? 'is in use by another program; set PORT to a free one'
      : `can't be listened on (${code}); see HOST and PORT`;
  return new StartupError(`Port ${port} on ${host} ${why}.`);
}
