import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { createLog, redacted } from '../../src/log';
import { createExperiment, LOG_EPOCH } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

const LIST = 'query Listing { experiments(first: 1) { nodes { id epochs(first: 1) { nodes { epoch } } } } }';

describe('the log', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ slowOperationMs: 1 });
  });
  afterAll(() => server.close());
  beforeEach(() => server.log.splice(0));

  const linesOf = (requestId: string) => server.log.filter((line) => line.requestId === requestId);
  const send = (body: object, headers: Record<string, string> = {}, path = '') =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('has a mutation with its name, fields, outcome, time and commands, and not its variables', async () => {
    const experimentId = await createExperiment(server);
    const input = { experimentId, epoch: 3, metrics: { private_metric: 0.123456 } };
    const query = LOG_EPOCH.replace('mutation', 'mutation Logging');
    const answer = await send({ query, variables: { input } }, { 'x-request-id': 'trainer-7:epoch.3' });
    expect(answer.headers.get('x-request-id')).toBe('trainer-7:epoch.3');
    const [line, ...others] = linesOf('trainer-7:epoch.3');
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      operation: 'Logging',
      kind: 'mutation',
      fields: ['logEpoch'],
      transport: 'http',
      outcome: 'ok',
      durationMs: expect.any(Number),
    });
    expect(line!.commands).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify(server.log)).not.toMatch(/private_metric|0\.123456/);
  });

  it('has the outcome of a mutation that is refused', async () => {
    const input = { experimentId: '6b05509e9b37a2196f21818d', epoch: 3, metrics: {} };
    await send({ query: LOG_EPOCH, variables: { input } }, { 'x-request-id': 'refused' });
    expect(linesOf('refused')).toMatchObject([{ kind: 'mutation', outcome: 'NOT_FOUND' }]);
  });

  it('has slow queries, with the commands that they took', async () => {
    const answer = await send({ query: LIST });
    const id = answer.headers.get('x-request-id')!;
    expect(linesOf(id)).toMatchObject([
      { msg: 'A slow operation', operation: 'Listing', kind: 'query', fields: ['experiments'], commands: 2 },
    ]);
  });

  it('does not take a client that goes away within its request for an outage of the database', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: gone\r\n');
    socket.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    await once(socket, 'connect');
    // The server has seen the head when it answers a later request.
    await send({ query: LIST });
    socket.destroy();
    await once(socket, 'close');
    await send({ query: LIST }, { 'x-request-id': 'later' });
    expect(linesOf('later')).toHaveLength(1);
    expect(server.log.filter(({ msg }) => /database/.test(String(msg)))).toEqual([]);
  });

  it('has no queries that are not slow', async () => {
    const quick = await startServer({ slowOperationMs: 60_000 });
    await quick.data(LIST);
    const off = await startServer({ slowOperationMs: 0 });
    await off.data(LIST);
    for (const { log } of [quick, off]) expect(log.filter(({ kind }) => kind !== undefined)).toEqual([]);
    await Promise.all([quick.close(), off.close()]);
  });

  it.each([
    ['none', undefined],
    ['one that would break lines', 'a b'],
    ['one that is too long', 'x'.repeat(129)],
    ['one with signs that mean something elsewhere', '"><script>'],
  ])('makes an id for a request that brings %s', async (_, given) => {
    const answer = await send({ query: LIST }, given === undefined ? {} : { 'x-request-id': given });
    const id = answer.headers.get('x-request-id')!;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(linesOf(id)).toHaveLength(1);
  });

  it('gives ids back in refusals, too', async () => {
    for (const path of ['/nowhere', '']) {
      const answer = await fetch(server.url + path, { method: 'PUT', headers: { 'x-request-id': 'odd' } });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([404, 'odd']);
    }
  });

  it('tells the operations of one socket apart, and those of one stream', async () => {
    const socket = new WebSocket(socketUrl(server.url), ['graphql-transport-ws'], {
      headers: { 'x-request-id': 'socket-1' },
    });
    const [[{ headers }]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])) as [
      [{ headers: Record<string, string> }],
      unknown,
    ];
    expect(headers['x-request-id']).toBe('socket-1');
    const say = (message: object) => socket.send(JSON.stringify(message));
    const answers: { id: string; type: string }[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString()) as never));
    say({ type: 'connection_init' });
    await once(socket, 'message');
    const query = LOG_EPOCH.replace('mutation', 'mutation Logging');
    const experimentId = await createExperiment(server);
    for (const id of ['first', 'second']) {
      const input = { experimentId, epoch: id.length, metrics: {} };
      say({ id, type: 'subscribe', payload: { query, variables: { input } } });
    }
    while (answers.filter(({ type }) => type === 'complete').length < 2) await once(socket, 'message');
    socket.close();
    const lines = linesOf('socket-1').map(({ operationId, transport, commands }) => [operationId, transport, commands]);
    expect(lines.sort()).toEqual([
      ['first', 'websocket', expect.any(Number)],
      ['second', 'websocket', expect.any(Number)],
    ]);
    const stream = await send({ query: LIST }, { accept: 'text/event-stream', 'x-request-id': 'stream-1' }, '/stream');
    await stream.text();
    expect(linesOf('stream-1')).toMatchObject([{ transport: 'sse', kind: 'query', commands: 2 }]);
  });
});

describe('credentials', () => {
  const SECRET = 's3cret-w0rd-of-a-kind';
  const TEXTS = [
    `mongodb://lab:${SECRET}@db.lab:27017/eeg2025?replicaSet=rs0`,
    `mongodb+srv://lab:${SECRET}@cluster.lab/`,
    `mongodb://lab:half@${SECRET}@db.lab/`,
    `failed at https://lab:${SECRET}@proxy.lab:8080/path`,
    `db.lab/?tls=true&tlsCertificateKeyFilePassword=${SECRET}&w=1`,
    `?authMechanismProperties=AWS_SESSION_TOKEN:${SECRET},X:1`,
    `authorization: Bearer ${SECRET}`,
    `{"authorization":"Basic ${SECRET}"}`,
    `a header of Bearer ${SECRET}`,
  ];

  it.each(TEXTS)('are not in the log: %s', (text) => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => lines.push(line) });
    const error = Object.assign(new Error(text), { uri: text, inner: { text } });
    log.error({ err: error, text, list: [text], headers: { authorization: `Bearer ${SECRET}` } }, text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(SECRET);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, err: { type: 'Error' } });
    expect(redacted(text)).not.toContain(SECRET);
  });

  it('are told from what is none', () => {
    const text = 'the token of page 2: https://lab.example/a@b?next=1 password must be set; bearer of news';
    expect(redacted(text)).toBe(text);
  });
});
