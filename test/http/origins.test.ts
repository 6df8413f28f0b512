import { once } from 'node:events';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { createFaultOfOrigin, type OriginSettings } from '../../src/http/origins';
import { bearer, startGuardedServer, type GuardedServer } from '../kit/guarded';
import { startServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

const OPEN: OriginSettings = { requireTokens: false, allowedHosts: undefined, allowedOrigins: [] };
const GUARDED = { ...OPEN, requireTokens: true };
const NAMED = { ...GUARDED, allowedHosts: ['Lab.example', '10.0.0.5:4000'] };
const WITH_SITES = { ...GUARDED, allowedOrigins: ['https://studio.apollographql.com'] };

describe('who is served', () => {
  it.each<[string, OriginSettings, { host?: string; origin?: string }, boolean]>([
    ['a program of this machine', OPEN, { host: 'localhost:4000' }, true],
    ['a page of this machine', OPEN, { host: '127.0.0.1:4000', origin: 'http://localhost:5173' }, true],
    ['no host', OPEN, {}, false],
    ['a name that was made to resolve to this machine', OPEN, { host: 'evil.example:4000' }, false],
    ['a name that begins like this machine', OPEN, { host: 'localhost.evil.example' }, false],
    ['a page from elsewhere', OPEN, { host: 'localhost:4000', origin: 'https://evil.example' }, false],
    ['a page without an origin', OPEN, { host: 'localhost:4000', origin: 'null' }, false],
    ['any name, with tokens', GUARDED, { host: 'gpu-box:4000' }, true],
    ['its own page, with tokens', GUARDED, { host: 'gpu-box:4000', origin: 'http://gpu-box:4000' }, true],
    ['its own page behind TLS', GUARDED, { host: 'lab.example', origin: 'https://lab.example' }, true],
    ['a page of the same host at another port', GUARDED, { host: 'gpu-box:4000', origin: 'http://gpu-box:80' }, false],
    ['a page of this machine, with tokens', GUARDED, { host: 'gpu-box', origin: 'http://localhost:5173' }, false],
    ['a host that is named', NAMED, { host: 'lab.example' }, true],
    ['a host that is named, at any port', NAMED, { host: 'LAB.example:8443' }, true],
    ['a host that is named with its port', NAMED, { host: '10.0.0.5:4000' }, true],
    ['a host that is named with another port', NAMED, { host: '10.0.0.5:4001' }, false],
    ['a host that is not named', NAMED, { host: 'localhost' }, false],
    ['a page that is listed', WITH_SITES, { host: 'a', origin: 'https://studio.apollographql.com' }, true],
    ['a page of the same name by http', WITH_SITES, { host: 'a', origin: 'http://studio.apollographql.com' }, false],
    ['a page of a longer name', WITH_SITES, { host: 'a', origin: 'https://studio.apollographql.com.evil' }, false],
  ])('%s', (_, settings, headers, isServed) => {
    expect(createFaultOfOrigin(settings)(headers) === undefined).toBe(isServed);
  });
});

/** The status and headers of a request under any Host and Origin. */
async function ask(
  url: string,
  method: string,
  headers: Record<string, string>,
  body = '{"query":"{ __typename }"}',
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }> {
  const sent = request(url, { method, headers: { 'content-type': 'application/json', ...headers } });
  sent.end(method === 'POST' ? body : undefined);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  response.resume();
  return { status: response.statusCode!, headers: response.headers };
}

/** The status that an upgrade is refused with, or 101. */
async function upgrade(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(socketUrl(url), 'graphql-transport-ws', { headers });
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode!);
    });
    socket.on('error', () => undefined);
  });
}

describe('a server with allow-lists', () => {
  const SITE = 'https://studio.apollographql.com';
  let server: GuardedServer;
  beforeAll(async () => {
    server = await startGuardedServer({ allowedHosts: ['127.0.0.1', 'lab.example'], allowedOrigins: [SITE] });
  });
  afterAll(() => server.close());

  it.each([
    [{ host: 'lab.example' }, true],
    [{ host: 'lab.example', origin: 'https://lab.example' }, true],
    [{ host: 'evil.example' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: SITE }, true],
  ])('%j over HTTP, Server-Sent Events and the WebSocket alike', async (headers, isServed) => {
    const token = bearer(server.tokens.READER);
    const sent = headers as unknown as Record<string, string>;
    expect((await ask(server.url, 'POST', { ...token, ...sent })).status).toBe(isServed ? 200 : 403);
    const stream = await ask(`${server.url}/stream`, 'POST', { ...token, ...sent, accept: 'text/event-stream' });
    expect(stream.status).toBe(isServed ? 200 : 403);
    expect(await upgrade(server.url, sent)).toBe(isServed ? 101 : 403);
    for (const path of ['/', '/metrics']) {
      const { status } = await ask(new URL(path, server.url).href, 'GET', { ...token, ...sent });
      expect(status).toBe(isServed ? 200 : 403);
    }
  });

  it('tells browsers that the listed sites may call, with a token, and no others', async () => {
    const preflight = (origin: string) =>
      ask(server.url, 'OPTIONS', {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      });
    const allowed = await preflight(SITE);
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': SITE,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization,content-type',
    });
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const refused = await preflight('https://evil.example');
    expect(refused.status).toBe(403);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
    const answer = await ask(server.url, 'POST', { origin: SITE, ...bearer(server.tokens.READER) });
    expect(answer.headers['access-control-allow-origin']).toBe(SITE);
    expect(String(answer.headers.vary)).toMatch(/origin/i);
    const unauthenticated = await ask(server.url, 'POST', { origin: SITE });
    expect(unauthenticated.status).toBe(401);
    expect(unauthenticated.headers['access-control-allow-origin']).toBe(SITE);
  });
});

describe('a server without a list of sites', () => {
  it('sends no header that lets other pages read its answers', async () => {
    const server = await startServer();
    const { origin } = new URL(server.url);
    const { status, headers } = await ask(server.url, 'POST', { origin });
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    await server.close();
  });
});
