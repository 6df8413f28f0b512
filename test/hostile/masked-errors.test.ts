import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { GraphQLError } from 'graphql';
import { MongoNetworkError, MongoServerError } from 'mongodb';
import { WebSocket } from 'ws';
import { LOCAL_VIEWER } from '../../src/auth/viewer';
import { createClientErrors } from '../../src/execution/client-errors';
import { createInTime } from '../../src/execution/in-time';
import { createOperations } from '../../src/execution/operations';
import { createAdmissions } from '../../src/http/admission';
import { Clients } from '../../src/http/clients';
import { handleErrors } from '../../src/http/errors';
import { serveStream } from '../../src/http/stream';
import { serveWebSocket } from '../../src/http/websocket';
import { DEFAULT_LIMITS } from '../../src/limits';
import { createLog } from '../../src/log';
import { createExperiment, LOG_EPOCH } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

/** What no client may ever see. Each fault below holds it. */
const SECRET = 'a8c1f00d';
const PATH = `/srv/epochgraph/${SECRET}/key.pem`;
const HOST = `db-${SECRET}.internal:27017`;
const URI = `mongodb://lab:${SECRET}@${HOST}/eeg2025`;
const LEAKS = [
  SECRET,
  '.internal',
  'mongodb://',
  'node_modules',
  '/srv/',
  '/src/',
  '.ts:',
  '.js:',
  '    at ',
  'MongoServer',
  'MongoNetwork',
];

const inner = new Error(`cannot read ${PATH}`);
/** Errors as libraries, drivers and bugs throw them. */
const FAULTS: [string, unknown][] = [
  ['an error that names a path and a URI', new Error(`${URI}: cannot open ${PATH}`)],
  ['a bug', new TypeError(`Cannot read properties of undefined (reading '${SECRET}')`)],
  ['an error of the system', Object.assign(new Error(`ENOENT: open '${PATH}'`), { code: 'ENOENT', path: PATH })],
  ['an error with a cause', new Error(`outer ${SECRET}`, { cause: inner })],
  ['several errors', new AggregateError([inner, new Error(HOST)], `all of ${HOST} failed`)],
  ['a text', `thrown as a text: ${URI}`],
  ['an object', { message: URI, extensions: { code: 'BAD_USER_INPUT', stacktrace: [PATH] } }],
  ['nothing', undefined],
  [
    'a refusal of the database',
    new MongoServerError({ message: `${HOST} refuses`, errmsg: `${HOST} refuses`, code: 8000, codeName: SECRET }),
  ],
  [
    'an error that calls itself one of the client',
    Object.assign(new Error(PATH), { extensions: { code: 'BAD_USER_INPUT', exception: { stacktrace: [PATH] } } }),
  ],
  ['a GraphQL error of another code', new GraphQLError(URI, { extensions: { code: 'ELSEWHERE', host: HOST } })],
  ['a stack that ran out', new RangeError(`Maximum call stack size exceeded in ${PATH}`)],
];
const OUTAGES: [string, unknown][] = [
  ['a connection that broke', new MongoNetworkError(`connect ECONNREFUSED ${HOST}`)],
  ['a socket that broke', Object.assign(new Error(`write EPIPE ${HOST}`), { syscall: 'write', address: HOST })],
];

const LIST = '{ experiments(first: 1) { nodes { id } } }';
const QUERY = 'query ($id: ID!) { experiment(id: $id) { id epochs(first: 1) { nodes { epoch } } } }';
const EVENTS = 'subscription { experimentChanged { kind experiment { id epochs(first: 1) { nodes { epoch } } } } }';
const BY_ID = 'subscription ($id: ID!) { epochLogged(experimentId: $id, afterEpoch: -1) { epoch { epoch } } }';

/** Everything that a client received, as text, and the error ids in it. */
function judge(received: string): string[] {
  for (const leak of LEAKS) expect(received).not.toContain(leak);
  return [...new Set([...received.matchAll(/"errorId":"([0-9a-f-]{36})"/g)].map(([, id]) => id!))];
}

async function wholeOf(response: Response): Promise<string> {
  return `${response.status} ${JSON.stringify([...response.headers])}\n${await response.text()}`;
}

/** Sends an operation over HTTP, a WebSocket or an event stream, and gives all that comes until it ends. */
const TRANSPORTS: Record<string, (url: string, query: string, variables: object) => Promise<string>> = {
  HTTP: async (url, query, variables) =>
    wholeOf(
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      }),
    ),
  WebSocket: async (url, query, variables) => {
    const socket = new WebSocket(socketUrl(url), ['graphql-transport-ws']);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    let received = '';
    const ended = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        received += `${data.toString()}\n`;
        if (/"type":"(error|complete)"|"errors":/.test(data.toString())) resolve();
      });
      socket.on('close', (code, reason) => {
        received += `${code} ${reason.toString()}`;
        resolve();
      });
    });
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
    await ended;
    socket.close();
    return received;
  },
  'event stream': async (url, query, variables) => {
    const stopping = new AbortController();
    const response = await fetch(`${url}/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables }),
      signal: stopping.signal,
    });
    let received = `${response.status} ${JSON.stringify([...response.headers])}\n`;
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        received += decoder.decode(chunk);
        if (/"errors":|event: complete/.test(received)) break;
      }
    } finally {
      stopping.abort();
    }
    return received;
  },
};

describe('what goes wrong inside', () => {
  let server: TestServer;
  let id: string;
  let restore: () => void = () => undefined;
  beforeAll(async () => {
    server = await startServer();
    id = await createExperiment(server);
    await server.data(LOG_EPOCH, { input: { experimentId: id, epoch: 0, metrics: {} } });
  });
  afterEach(() => restore());
  afterAll(() => server.close());

  const METHODS = ['find', 'findOne', 'aggregate', 'countDocuments', 'insertOne', 'bulkWrite', 'updateOne'];

  /** From now on, what the stores ask of their collections by these methods fails with the fault. */
  function breakCollections(fault: unknown, methods = METHODS): void {
    const collections = Object.values(server.stores.database.collections) as unknown as Record<string, unknown>[];
    for (const collection of collections) {
      for (const method of methods) {
        collection[method] = () => {
          throw fault;
        };
      }
    }
    restore = () => {
      for (const collection of collections) for (const method of METHODS) delete collection[method];
    };
  }

  /** The line of the log that has the reason under an id. */
  const reasonOf = (errorId: string): string =>
    JSON.stringify(server.log.filter((line) => line.errorId === errorId).map(({ err }) => err ?? 'nothing'));

  const mutation = () => ({ input: { experimentId: id, epoch: 1, metrics: {} } });

  describe.each(Object.entries(TRANSPORTS))('is not told over %s', (transport, send) => {
    it.each(FAULTS)('for %s, and its reason is in the log under an id', async (_, fault) => {
      const operations: [string, object, string[]?][] = [
        [LIST, {}],
        [QUERY, { id }, ['aggregate']],
        [LOG_EPOCH, mutation()],
        ...(transport === 'HTTP' ? [] : ([[BY_ID, { id }]] as [string, object][])),
      ];
      for (const [document, variables, methods] of operations) {
        breakCollections(fault, methods);
        const received = await send(server.url, document, variables);
        restore();
        const ids = judge(received);
        expect({ document, received, ids }).toEqual({ document, received, ids: [expect.any(String)] });
        expect(received).toContain('"code":"INTERNAL_SERVER_ERROR"');
        const reason = reasonOf(ids[0]!);
        // Passwords are hidden in the log, too; what is no error may have become another one on its way.
        expect(reason).toMatch(fault instanceof Error ? new RegExp(`${SECRET}|\\*\\*\\*@db`) : /"message":/);
      }
    });

    it.each(OUTAGES)('for %s, which is an outage', async (_, fault) => {
      for (const [document, variables] of [
        [LIST, {}],
        [LOG_EPOCH, mutation()],
      ] as const) {
        breakCollections(fault);
        const received = await send(server.url, document, variables);
        restore();
        expect(judge(received)).toEqual([]);
        expect(received).toContain('"code":"DATABASE_UNAVAILABLE"');
      }
      expect(JSON.stringify(server.log.slice(-5))).toContain(HOST);
    });
  });

  it.each(['WebSocket', 'event stream'])('is not told in the events of a subscription over %s', async (transport) => {
    while (server.subscribers() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const ended = TRANSPORTS[transport]!(server.url, EVENTS, {});
    while (server.subscribers() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    breakCollections(new Error(URI + PATH), ['aggregate']);
    await server.data(
      'mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { experiment { id } } }',
      {
        input: { id, note: String(Date.now()) },
      },
    );
    const received = await ended;
    const ids = judge(received);
    expect(ids).toHaveLength(1);
    expect(reasonOf(ids[0]!)).toContain(PATH);
  });

  it('is not told by health, metrics and addresses where nothing is', async () => {
    const { db } = server.stores.database;
    Object.defineProperty(db, 'command', {
      configurable: true,
      value: () => {
        throw new Error(URI);
      },
    });
    const received = await wholeOf(await fetch(new URL('/health/ready', server.url)));
    delete (db as { command?: unknown }).command;
    expect(received).toMatch(/^503 /);
    expect(judge(received)).toEqual([]);
    for (const path of [
      '/health/live',
      '/metrics',
      '/nowhere',
      '/%',
      '/graphql?query=%',
      '/assets/%2e%2e/%2e%2e/package.json',
    ]) {
      judge(await wholeOf(await fetch(new URL(path, server.url))));
    }
  });
});

describe('bugs of the transports', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('debug', { write: (line: string) => lines.push(JSON.parse(line) as never) });
  const clientErrors = createClientErrors(log);
  const bug = (): never => {
    throw new Error(`${URI} ${PATH}`);
  };
  const hold = () => () => undefined;
  const parts = {
    inTime: createInTime(DEFAULT_LIMITS.operationSeconds),
    clients: new Clients(DEFAULT_LIMITS),
    prepare: bug,
    subscribe: bug,
    createContext: bug,
    clientErrors,
    operations: createOperations({ log, slowMs: 0, onFinished: () => undefined }),
  };

  it('close a WebSocket with an id that the log has, and nothing else', async () => {
    const app = fastify();
    const webSockets = serveWebSocket(app.server, {
      ...parts,
      admission: { admit: async () => LOCAL_VIEWER, hold },
      faultOfOrigin: () => undefined,
      log,
      limits: DEFAULT_LIMITS,
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const received = await TRANSPORTS.WebSocket!(`http://127.0.0.1:${port}/graphql`, LIST, {});
    judge(received);
    const [, errorId] = /4500 .* under ([0-9a-f-]{36})\.$/.exec(received)!;
    expect(JSON.stringify(lines.filter((line) => line.errorId === errorId))).toContain(PATH);
    await webSockets.close();
    await app.close();
  });

  it.each([
    ['before the stream', bug],
    ['in the stream', async () => LOCAL_VIEWER],
  ])('end an event stream %s', async (_, admit) => {
    const app = fastify();
    handleErrors(app, clientErrors, DEFAULT_LIMITS);
    const streams = serveStream(app, { ...parts, admission: { hold }, admissions: createAdmissions(app, admit) });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const received = await TRANSPORTS['event stream']!(`http://127.0.0.1:${port}/graphql`, LIST, {});
    const [errorId] = judge(received);
    expect(JSON.stringify(lines.filter((line) => line.errorId === errorId))).toContain(PATH);
    await streams.close();
    await app.close();
  });
});
