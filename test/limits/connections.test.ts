import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Role } from '../../types/enums/Role';
import { DEFAULT_LIMITS } from '../../src/limits';
import { startGuardedServer, type GuardedServer } from '../kit/guarded';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';
import { overHttp, RawSocket } from './transports';

const LIVE = 'subscription { experimentChanged { kind } }';
const VERSION = '{ serverInfo { version } }';
const LIMITS = {
  ...DEFAULT_LIMITS,
  socketsPerClient: 4,
  operationsPerSocket: 3,
  operationsPerClient: 5,
  messagesPerSecond: 20,
};

/** Opens an event stream with a subscription; its status, and what ends it. */
async function openStream(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await fetch(`${url}/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', connection: 'close', ...headers },
    body: JSON.stringify({ query: LIVE }),
    signal: leaving.signal,
  });
  const answer = response.ok
    ? undefined
    : ((await response.json()) as { errors: { message: string; extensions: { code: string } }[] });
  return { status: response.status, error: answer?.errors[0], leave: () => leaving.abort() };
}

/** The status of an upgrade that is refused. */
async function refusalOf(url: string): Promise<number> {
  const socket = new WebSocket(socketUrl(url), ['graphql-transport-ws']);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; destroy(): void },
  ];
  response.destroy();
  return response.statusCode;
}

/** Until nothing is open any more. */
async function whenAllAreGone(server: TestServer): Promise<void> {
  const open = async (): Promise<number> => {
    const text = await (await fetch(new URL('/metrics', server.url))).text();
    const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)![1]);
    return count('epochgraph_websockets') + count('epochgraph_event_streams');
  };
  while ((await open()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('the limits of connections, without tokens', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ limits: LIMITS });
  });
  afterEach(() => whenAllAreGone(server));
  afterAll(() => server.close());

  it('sockets of a client: WebSockets and event streams together, and room again when one is gone', async () => {
    const sockets = await Promise.all([1, 2, 3].map(() => RawSocket.open(server.url)));
    const stream = await openStream(server.url);
    expect(stream.status).toBe(200);
    expect(await refusalOf(server.url)).toBe(429);
    const refused = await openStream(server.url);
    expect(refused.status).toBe(429);
    expect(refused.error).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
    expect(refused.error!.message).toContain('4 (LIMIT_SOCKETS_PER_CLIENT)');
    // Those that stand, and HTTP, go on.
    for (const socket of sockets) expect(await socket.ask(VERSION)).toMatchObject({ data: {} });
    expect(await overHttp(server.url).ask(VERSION)).toMatchObject({ data: {} });
    stream.leave();
    let again;
    do again = await openStream(server.url);
    while (again.status === 429);
    expect(again.status).toBe(200);
    again.leave();
    for (const socket of sockets) socket.close();
  });

  it('operations of a socket: the one too many is refused, the others go on', async () => {
    const socket = await RawSocket.open(server.url);
    const standing = [1, 2, 3].map(() => socket.subscribe(LIVE));
    const { errors } = await socket.ask(VERSION);
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    expect(errors![0]!.message).toContain('3 (LIMIT_OPERATIONS_PER_SOCKET)');
    socket.send({ id: standing[0], type: 'complete' });
    expect(await socket.ask(VERSION)).toMatchObject({ data: {} });
    await server.data('mutation { createExperiment(input: { name: "a" }) { outcome } }');
    for (const id of standing.slice(1)) {
      expect(await socket.answerTo(id)).toEqual({ data: { experimentChanged: { kind: 'CREATED' } } });
    }
    socket.close();
  });

  it('operations of a client, on all its sockets and streams', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => RawSocket.open(server.url)));
    const stream = await openStream(server.url);
    const standing = [one, one, two, two].map((socket) => ({ socket: socket!, id: socket!.subscribe(LIVE) }));
    while (server.subscribers() < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const socket of [one, two]) {
      const { errors } = await socket!.ask(VERSION);
      expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
      expect(errors![0]!.message).toContain('5 (LIMIT_OPERATIONS_PER_CLIENT)');
    }
    const refused = await openStream(server.url);
    expect([refused.status, refused.error?.extensions.code]).toEqual([429, 'LIMIT_EXCEEDED']);
    expect(await overHttp(server.url).ask(VERSION)).toMatchObject({ data: {} });
    // A socket that goes takes its operations with it.
    one!.close();
    await one!.closed;
    let answer;
    do answer = await two!.ask(VERSION);
    while (answer.errors);
    expect(answer.data).toBeTruthy();
    await server.data('mutation { createExperiment(input: { name: "b" }) { outcome } }');
    for (const { socket, id } of standing.slice(2)) expect(await socket.answerTo(id)).toMatchObject({ data: {} });
    stream.leave();
    two!.close();
  });

  it('operations that end badly are counted out too', async () => {
    const socket = await RawSocket.open(server.url);
    const bad = ['{', '{ experiment(id: "x") { id } }', 'subscription { epochLogged(experimentId: "x") { cursor } }'];
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      for (const document of bad) {
        expect((await socket.ask(document)).errors?.[0]?.extensions.code).not.toBe('LIMIT_EXCEEDED');
      }
    }
    socket.close();
  });

  it('messages in a second: as many are served; the next operation is refused, and what is under way goes on', async () => {
    const socket = await RawSocket.open(server.url);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const live = socket.subscribe(LIVE);
    const pings = Array.from({ length: 18 }, (_, n) => ({ type: 'ping', payload: { n } }));
    for (const ping of pings) socket.send(ping);
    const last = socket.subscribe(VERSION);
    const past = socket.subscribe(VERSION);
    expect(await socket.answerTo(last)).toMatchObject({ data: {} });
    const { errors } = await socket.answerTo(past);
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    expect(errors![0]!.message).toContain('20 (LIMIT_MESSAGES_PER_SECOND)');
    expect(socket.received.filter(({ type }) => type === 'pong')).toHaveLength(18);
    // Another client is served meanwhile, this one gets its events, and is read again when the second is over.
    await server.data('mutation { createExperiment(input: { name: "c" }) { outcome } }');
    expect(await socket.answerTo(live)).toMatchObject({ data: {} });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await socket.ask(VERSION)).toMatchObject({ data: {} });
    socket.close();
  });

  it('a flood of messages is read no faster than the rate, and `complete` is always heard', async () => {
    const before = server.subscribers();
    const socket = await RawSocket.open(server.url);
    const live = socket.subscribe(LIVE);
    while (server.subscribers() === before) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let n = 0; n < 200; n++) socket.send({ type: 'ping', payload: { n } });
    socket.send({ id: live, type: 'complete' });
    while (server.subscribers() > before) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(socket.received.filter(({ type }) => type === 'pong').length).toBeLessThan(200);
    expect(socket.isOpen).toBe(true);
    socket.close();
  });
});

describe('the limits of connections, with tokens', () => {
  let server: GuardedServer;
  beforeAll(async () => {
    server = await startGuardedServer({ limits: { ...LIMITS, socketsPerClient: 2 } });
  });
  afterAll(() => server.close());

  it('count for each token, whatever the address', async () => {
    const open = (role: Role) => RawSocket.open(server.url, { payload: { token: server.tokens[role] } });
    const readers = [await open(Role.READER), await open(Role.READER)];
    const trainers = [await open(Role.TRAINER), await open(Role.TRAINER)];
    // It stands before it shows whose it is.
    const past = await RawSocket.open(server.url, { init: false });
    past.send({ type: 'connection_init', payload: { token: server.tokens[Role.READER] } });
    const [code, reason] = await past.closed;
    expect(code).toBe(1013);
    expect(reason).toContain('2 (LIMIT_SOCKETS_PER_CLIENT)');
    const stream = await openStream(server.url, { authorization: `Bearer ${server.tokens[Role.TRAINER]}` });
    expect(stream.status).toBe(429);
    for (const socket of [...readers, ...trainers]) expect(await socket.ask(VERSION)).toMatchObject({ data: {} });
    readers[0]!.close();
    await readers[0]!.closed;
    let admitted: RawSocket | undefined;
    while (!admitted) admitted = await open(Role.READER).catch(() => undefined);
    expect(await admitted.ask(VERSION)).toMatchObject({ data: {} });
    for (const socket of [...readers, ...trainers, admitted]) socket.close();
  });

  it('count a socket that has shown no token by its address', async () => {
    const silent = [1, 2].map(() => RawSocket.open(server.url, { init: false }));
    const sockets = await Promise.all(silent);
    expect(await refusalOf(server.url)).toBe(429);
    for (const socket of sockets) socket.close();
  });
});
