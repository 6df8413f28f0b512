import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createClient, type Client } from 'graphql-sse';
import { ObjectId } from 'mongodb';
import { createExperiment, LOG_EPOCH, LOG_EPOCHS } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const EPOCHS = `subscription ($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) { kind cursor epoch { epoch } }
}`;

/** The text of an answer, read until `until` says that it is enough. */
async function read(response: Response, until: (text: string) => boolean): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!until(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

describe('the event stream', () => {
  let server: TestServer;
  let client: Client;
  let url: string;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
    url = `${server.url}/stream`;
    client = createClient({ url, retryAttempts: 0 });
  });
  beforeEach(async () => {
    id = await createExperiment(server);
  });
  afterAll(async () => {
    client.dispose();
    await server.close();
  });

  const log = (epoch: number) =>
    server.data(LOG_EPOCH, { input: { experimentId: id, epoch, metrics: { val_loss: 1 } } });
  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify(body),
    });
  const isComplete = (text: string) => text.includes('event: complete');
  const codeOf = (text: string): string => /"code":"(\w+)"/.exec(text)?.[1] ?? text;

  it('brings the same events as the WebSocket, to the client of graphql-sse', async () => {
    await log(0);
    const events = client.iterate<any>({ query: EPOCHS, variables: { id, afterEpoch: -1 } });
    const next = async () => {
      const { data, errors } = (await events.next()).value!;
      expect(errors).toBeUndefined();
      return data.epochLogged as { kind: string; cursor: string; epoch: { epoch: number } };
    };
    expect(await next()).toMatchObject({ kind: 'CREATED', epoch: { epoch: 0 } });
    await log(1);
    const { cursor, ...event } = await next();
    expect(event).toEqual({ kind: 'CREATED', epoch: { epoch: 1 } });
    await events.return!();
    await log(2);
    const resumed = client.iterate<any>({ query: EPOCHS, variables: { id, after: cursor } });
    expect((await resumed.next()).value!.data.epochLogged.epoch.epoch).toBe(2);
    await resumed.return!();
  });

  it('speaks the protocol that any client of Server-Sent Events reads, also by GET', async () => {
    const query = new URLSearchParams({ query: EPOCHS, variables: JSON.stringify({ id, afterEpoch: -1 }) });
    await log(0);
    const response = await fetch(`${url}?${query.toString()}`, { headers: { accept: 'text/event-stream' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toContain('no-cache');
    const text = await read(response, (soFar) => soFar.includes('"epoch":0'));
    expect(text).toMatch(/^:\n\nevent: next\ndata: \{"data":\{"epochLogged":\{.*\}\}\}\n\n$/);
  });

  it('answers queries and mutations, and then completes', async () => {
    const query = await read(await post({ query: '{ serverInfo { database } }' }), isComplete);
    expect(query).toMatch(
      /event: next\ndata: \{"data":\{"serverInfo":\{"database":"\w+"\}\}\}\n\nevent: complete\ndata:/,
    );
    const input = { experimentId: id, epoch: 5, metrics: {} };
    expect(await read(await post({ query: LOG_EPOCH, variables: { input } }), isComplete)).toContain('"CREATED"');
  });

  it.each([
    ['a document that is none', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['a field that there is none of', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'no operation of the name',
      { query: 'query a { serverInfo { version } }', operationName: 'b' },
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['an id that is none', { query: EPOCHS, variables: { id: 'x' } }, 'BAD_USER_INPUT'],
    ['an experiment that is none', { query: EPOCHS, variables: { id: 'a'.repeat(24) } }, 'NOT_FOUND'],
    [
      'a deep document',
      { query: `{ ${'parent { '.repeat(60)} id ${'}'.repeat(60)} }` },
      /GRAPHQL_VALIDATION_FAILED|LIMIT_EXCEEDED/,
    ],
    [
      'a list of variables that is too long',
      { query: LOG_EPOCHS, variables: { input: { experimentId: 'a', epochs: Array(1001).fill({}) } } },
      'BAD_USER_INPUT',
    ],
  ])('tells of %s as a result', async (_, body, code) => {
    expect(codeOf(await read(await post(body), isComplete))).toMatch(code);
  });

  it.each([
    ['no query', { variables: {} }, {}],
    ['variables that are a list', { query: '{ __typename }', variables: [] }, {}],
    ['a client that does not take events', { query: '{ __typename }' }, { accept: 'application/json' }],
  ])('refuses %s with 400', async (_, body, headers) => {
    const response = await post(body, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  it('refuses mutations by GET, and pages of other origins', async () => {
    const query = new URLSearchParams({
      query: LOG_EPOCH,
      variables: JSON.stringify({ input: { experimentId: id, epoch: 9, metrics: {} } }),
    });
    const accept = 'text/event-stream';
    const response = await fetch(`${url}?${query.toString()}`, { headers: { accept } });
    expect(codeOf(await read(response, isComplete))).toBe('BAD_REQUEST');
    const { experiment } = await server.data('query ($id: ID!) { experiment(id: $id) { epochCount } }', { id });
    expect(experiment.epochCount).toBe(0);
    expect((await post({ query: '{ __typename }' }, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('holds a subscription back whose client does not read, and ends it when it falls too far behind', async () => {
    const before = server.subscribers();
    const run = await createExperiment(server, { note: 'x'.repeat(60_000) });
    const LARGE = 'subscription ($id: ID!) { epochLogged(experimentId: $id) { epoch { epoch experiment { note } } } }';
    const { port } = new URL(url);
    const body = JSON.stringify({ query: LARGE, variables: { id: run } });
    const slow = request({
      port,
      path: '/graphql/stream',
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', host: `127.0.0.1:${port}` },
    });
    slow.end(body);
    const [response] = (await once(slow, 'response')) as [import('node:http').IncomingMessage];
    response.pause();
    response.socket.pause();
    /** Epochs as another program would insert them: nothing but the subscription reads the run then. */
    const insert = (from: number, count: number) =>
      server.stores.database.collections.epochs.insertMany(
        Array.from({ length: count }, (_, i) => ({ experiment_id: new ObjectId(run), epoch: from + i, metrics: {} })),
      );
    let executed = 0;
    server.stores.database.client.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command.find === 'experiments') executed++;
    });
    await insert(0, 3_000);
    for (let last = -1; last !== executed;) {
      last = executed;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    // 64 results of 60 kB, and what the sockets hold; the others wait as events.
    expect(executed).toBeGreaterThanOrEqual(64);
    expect(executed).toBeLessThan(1_000);
    expect(server.subscribers()).toBe(before + 1);
    await insert(3_000, 5_000);
    for (let tries = 0; server.subscribers() > before && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.subscribers()).toBe(before);
    response.socket.resume();
    response.resume();
    let text = '';
    for await (const chunk of response) text = (text + String(chunk)).slice(-1_024);
    expect(text).toContain('RESYNC_REQUIRED');
    expect(text.trimEnd()).toMatch(/event: complete\ndata:$/);
  });

  it('leaves no subscriber behind when clients go before their subscription stands', async () => {
    const before = server.subscribers();
    const { port } = new URL(url);
    const body = JSON.stringify({ query: EPOCHS, variables: { id, afterEpoch: -1 } });
    const text = [
      'POST /graphql/stream HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Content-Type: application/json',
      'Accept: text/event-stream',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    for (let i = 0; i < 60; i++) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      await new Promise((resolve) => setTimeout(resolve, i % 6));
      socket.destroy();
    }
    await server.query('{ __typename }');
    for (let tries = 0; server.subscribers() > before && tries < 100; tries++)
      await new Promise((r) => setTimeout(r, 20));
    expect(server.subscribers()).toBe(before);
  });

  it('does not keep the server open: idle connections end at once, and a request that is never finished in the end', async () => {
    const other = await startServer();
    const port = Number(new URL(other.url).port);
    const ended: string[] = [];
    const connection = async (name: string, text: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('close', () => ended.push(name)).on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(text);
    };
    const head = `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`;
    await connection('unfinished', `${head}Content-Length: 100\r\n\r\n{`);
    await connection('idle', '');
    // Both have reached the server when it has answered a third.
    await other.query('{ __typename }');
    await other.close();
    while (ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(ended).toEqual(['idle', 'unfinished']);
  });

  it('leaves no subscriber behind when its client goes, and completes when the server does', async () => {
    const other = await startServer();
    const run = await createExperiment(other);
    const open = () =>
      fetch(`${other.url}/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: EPOCHS, variables: { id: run } }),
      });
    const gone = await open();
    expect(other.subscribers()).toBe(1);
    await gone.body!.cancel();
    for (let tries = 0; other.subscribers() > 0 && tries < 100; tries++) await new Promise((r) => setTimeout(r, 20));
    expect(other.subscribers()).toBe(0);
    const staying = await open();
    const text = staying.text();
    await other.close();
    expect(await text).toContain('event: complete');
  });
});
