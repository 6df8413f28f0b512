import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { DEFAULT_LIMITS } from '../../src/limits';
import { createExperiment } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';
import { everyTransport, overHttp, RawSocket } from './transports';

const VERSION = '{ serverInfo { version } }';
const BODY = 256 * 1024;
const MANY = 64 * 1024 * 1024;

/** A body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const start = `{"query":"{ serverInfo { version } }","variables":{"filler":"`;
  return `${start}${'x'.repeat(bytes - start.length - 3)}"}}`;
}

describe('hostile requests', () => {
  let server: TestServer;
  let port: number;
  let live: RawSocket;
  let subscription: string;
  beforeAll(async () => {
    server = await startServer({ limits: { ...DEFAULT_LIMITS, bodyBytes: BODY, requestSeconds: 2 } });
    port = Number(new URL(server.url).port);
  });
  // Beside each of them, a subscription stands on one socket, and another client asks.
  beforeEach(async () => {
    live = await RawSocket.open(server.url);
    subscription = live.subscribe('subscription { experimentChanged { experiment { name } } }');
    await live.ask(VERSION);
  });
  afterEach(async () => {
    expect(await overHttp(server.url).ask(VERSION)).toMatchObject({ data: { serverInfo: {} } });
    expect(await live.ask(VERSION)).toMatchObject({ data: { serverInfo: {} } });
    await createExperiment(server, { name: 'beside' });
    expect(await live.answerTo(subscription)).toEqual({
      data: { experimentChanged: { experiment: { name: 'beside' } } },
    });
    live.close();
  });
  afterAll(() => server.close());

  /** A request that is written byte by byte, and all that comes back until the server closes. */
  async function raw(...parts: (string | number)[]): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    for (const part of parts) {
      if (typeof part === 'string') socket.write(part);
      else await new Promise((resolve) => setTimeout(resolve, part));
    }
    await closed;
    return text;
  }
  const head = (...lines: string[]) =>
    ['POST /graphql HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json', ...lines, '', ''].join(
      '\r\n',
    );

  /** Writes `bytes` of a body in chunks for as long as the server takes them; its status and answer, and what was sent. */
  async function upload(path: string, bytes: number, chunked: boolean) {
    const headers = {
      'content-type': 'application/json',
      accept: path === '/graphql' ? 'application/json' : 'text/event-stream',
      ...(chunked ? {} : { 'content-length': bytes }),
    };
    const upload = request({ port, host: '127.0.0.1', path, method: 'POST', headers });
    let response: IncomingMessage | undefined;
    upload.setMaxListeners(0);
    upload.on('error', () => undefined);
    upload.on('response', (got: IncomingMessage) => (response = got));
    const chunk = 'x'.repeat(64 * 1024);
    let sent = 0;
    while (!response && !upload.destroyed && sent < bytes) {
      if (!upload.write(chunk))
        await Promise.race([once(upload, 'drain'), once(upload, 'response'), once(upload, 'close')]);
      sent += chunk.length;
    }
    if (!response) [response] = (await once(upload, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of response) text += String(part);
    upload.destroy();
    return { status: response.statusCode, text, sent };
  }

  it.each(['/graphql', '/graphql/stream'])(
    'a body at the limit is read, and one byte more is refused: %s',
    async (path) => {
      const post = (body: string) =>
        fetch(new URL(path, server.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: path === '/graphql' ? '*/*' : 'text/event-stream' },
          body,
        });
      const served = await post(bodyOf(BODY));
      expect([served.status, await served.text()]).toEqual([200, expect.stringContaining('"version"')]);
      const refused = await post(bodyOf(BODY + 1));
      expect(refused.status).toBe(413);
      expect(await refused.json()).toEqual({
        errors: [
          { message: expect.stringContaining(`${BODY} (LIMIT_BODY_BYTES)`), extensions: { code: 'LIMIT_EXCEEDED' } },
        ],
      });
    },
  );

  it.each([
    ['/graphql', false],
    ['/graphql', true],
    ['/graphql/stream', false],
    ['/graphql/stream', true],
  ])('64 MB to %s, chunked: %s, are refused long before they have come', async (path, chunked) => {
    const { status, text, sent } = await upload(path, MANY, chunked);
    expect(status).toBe(413);
    expect(text).toContain('LIMIT_EXCEEDED');
    // What the sockets hold on the way, and no more.
    expect(sent).toBeLessThan(MANY / 4);
  });

  it('a message at the limit is read; one byte more, or 64 MB in pieces, ends the socket that sends it with 1009', async () => {
    const socket = await RawSocket.open(server.url);
    const message = (bytes: number): string => {
      const start = `{"id":"big","type":"subscribe","payload":${bodyOf(100).slice(0, -3)}`;
      return `${start}${'x'.repeat(bytes - start.length - 4)}"}}}`;
    };
    socket.socket.send(message(BODY));
    expect(await socket.answerTo('big')).toMatchObject({ data: { serverInfo: {} } });
    socket.socket.send(message(BODY + 1));
    expect((await socket.closed)[0]).toBe(1009);

    const pieces = new WebSocket(socketUrl(server.url), ['graphql-transport-ws']);
    pieces.on('error', () => undefined);
    await once(pieces, 'open');
    const closed = once(pieces, 'close') as Promise<[number]>;
    const piece = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    while (sent < MANY && pieces.readyState === WebSocket.OPEN) {
      await new Promise((resolve) => pieces.send(piece, { fin: false }, resolve));
      sent += piece.length;
    }
    expect((await closed)[0]).toBe(1009);
    expect(sent).toBeLessThan(MANY / 4);
  });

  const isLate = /^HTTP\/1\.1 408 [^]*"code":"TIMED_OUT"/;
  it.each<[string, () => (string | number)[]]>([
    ['nothing at all', () => []],
    ['half a head', () => ['POST /graphql HTTP/1.1\r\nHost: 127']],
    [
      'a head that trickles',
      () => ['POST /graphql HTTP/1.1\r\n', ...Array.from({ length: 8 }, (_, i) => [`X-${i}: 1\r\n`, 400]).flat()],
    ],
    ['a body that never comes', () => [head('Content-Length: 100')]],
    [
      'a body that trickles',
      () => [head('Content-Length: 100'), ...Array.from({ length: 8 }, () => ['{', 400]).flat()],
    ],
    [
      'chunks that trickle',
      () => [head('Transfer-Encoding: chunked'), ...Array.from({ length: 8 }, () => ['1\r\n{\r\n', 400]).flat()],
    ],
  ])('a client that sends %s is cut off', async (_, parts) => {
    expect(await raw(...parts())).toMatch(isLate);
  });

  it('200 clients that send nothing keep nobody out', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        socket.write('POST /graphql HTTP/1.1\r\nHost: ');
        return socket;
      }),
    );
    expect(await overHttp(server.url).ask(VERSION)).toMatchObject({ data: {} });
    await Promise.all(sockets.map((socket: Socket) => socket.resume() && once(socket, 'close')));
  });

  it('a head past 16 kB, and what is not HTTP, are refused in words', async () => {
    const large = await raw(head(`X-Large: ${'x'.repeat(20_000)}`));
    expect(large).toMatch(/^HTTP\/1\.1 431 [^]*"code":"LIMIT_EXCEEDED"/);
    expect(await raw('\x16\x03\x01\x02\x00 TLS, by mistake\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [^]*"code":"BAD_REQUEST"/,
    );
    expect(server.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it('a client that is half gone, and an upgrade that is never used, are let go', async () => {
    const half = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(half, 'connect');
    half.end(head('Content-Length: 100'));
    half.resume();
    await once(half, 'close');
    const silent = await RawSocket.open(server.url, { init: false });
    expect((await silent.closed)[0]).toBe(4408);
  });

  it.each([
    ['100 aliases', `{ ${Array.from({ length: 100 }, (_, i) => `a${i}: serverInfo { version }`).join(' ')} }`],
    [
      '100 aliases of 100 runs',
      `{ ${Array.from({ length: 100 }, (_, i) => `a${i}: experiments(first: 100) { nodes { id } }`).join(' ')} }`,
    ],
    ['5,000 fields in fields', `{ ${'a { '.repeat(5_000)} b ${'} '.repeat(5_000)} }`],
    ['4,000 fields in fields', `{ ${'a{'.repeat(3_000)}b${'}'.repeat(3_000)} }`],
    [
      '5,000 lists in lists',
      `{ experiments(filter: { ids: ${'['.repeat(4_900)}${']'.repeat(4_900)} }) { totalCount } }`,
    ],
    [
      '5,000 objects in objects',
      `{ experiments(filter: ${'{not:'.repeat(3_000)}{}${'}'.repeat(3_000)}) { totalCount } }`,
    ],
    [
      'a circle of fragments',
      '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a serverInfo { version } }',
    ],
    [
      '2,000 fragments',
      `{ ...f0 } ${Array.from({ length: 2_000 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} }`).join(' ')}`,
    ],
    [
      '1,200 fragments',
      `{ ...f0 } ${Array.from({ length: 1_200 }, (_, i) => `fragment f${i} on Query{...f${i + 1}}`).join(' ')}`,
    ],
    [
      'fragments that double 90 times',
      `{ ...f0 } ${Array.from({ length: 90 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f90 on Query { __typename }`,
    ],
    ['1,900 times the same field', `{ ${'serverInfo { version } '.repeat(1_900)} }`],
    ['1,900 times the same field below one', `{ serverInfo { ${'version '.repeat(1_900)} } }`],
    ['900 times the same field of a record', `{ experiments { nodes { ${'parent { id } '.repeat(900)} } } }`],
    ['5,000 directives', `{ __typename ${'@skip(if: false) '.repeat(1_600)} }`],
    ['9,000 names that there are not', `{ ${Array.from({ length: 1_990 }, (_, i) => `x${i}`).join(' ')} }`],
  ])('%s: an error for an answer, on every transport', async (_, document) => {
    for (const { name, ask, close } of await everyTransport(server.url)) {
      // An address of more than 16 kB is refused as the head that it is in.
      if (name === 'GET' && document.length > 8_000) continue;
      const { errors, data } = await ask(document);
      close();
      expect([name, data ?? null]).toEqual([name, null]);
      expect(errors![0]!.extensions.code).toMatch(/^(LIMIT_EXCEEDED|GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/);
    }
  });
});
