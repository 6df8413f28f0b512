import { brotliDecompressSync } from 'node:zlib';
import { get } from 'node:http';
import { startServer, type TestServer } from '../kit/server';

const PAGES = [
  '/',
  '/experiments/6b05509e9b37a2196f21818d',
  '/compare',
  '/leaderboard',
  '/subjects',
  '/subjects/NDAR1',
  `/subjects/${'%3C'.repeat(256)}`,
];

/** A response as it came over the wire, without decompression. */
async function fetchRaw(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    }).on('error', reject);
  });
}

describe('the dashboard and GraphiQL', () => {
  let server: TestServer;
  let origin: string;
  beforeAll(async () => {
    server = await startServer();
    origin = new URL(server.url).origin;
  });
  afterAll(() => server.close());

  it.each(PAGES)('serves the page at %s, under a policy that lets it load nothing from elsewhere', async (path) => {
    const { status, headers, body } = await fetchRaw(origin + path, { accept: 'text/html' });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(headers['cache-control']).toBe('no-cache');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(body.toString()).toContain('<div id="app">');
    expect(body.toString()).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('serves what a page needs compressed, and for good', async () => {
    const page = (await fetchRaw(`${origin}/`)).body.toString();
    const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const { status, headers, body } = await fetchRaw(origin + file, { 'accept-encoding': 'br, gzip' });
      expect(status).toBe(200);
      expect(headers['content-encoding']).toBe('br');
      expect(headers['cache-control']).toContain('immutable');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(brotliDecompressSync(body).length).toBeGreaterThan(body.length);
    }
  });

  it('serves GraphiQL with all its files', async () => {
    const { status, headers, body } = await fetchRaw(`${origin}/graphiql`);
    expect(status).toBe(200);
    expect(String(headers['content-security-policy'])).toContain("script-src 'self'");
    const files = [...body.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files.some((file) => file.startsWith('/graphiql/assets/'))).toBe(true);
    for (const file of files) expect((await fetchRaw(origin + file)).status).toBe(200);
  });

  it('answers a person at an unknown path with a page, and a program with JSON', async () => {
    const page = await fetchRaw(`${origin}/no/such/page`, { accept: 'text/html,*/*' });
    expect(page.status).toBe(404);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const json = await fetchRaw(`${origin}/no/such/page`, { accept: '*/*' });
    expect(json.status).toBe(404);
    expect(JSON.parse(json.body.toString())).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  });

  it.each([
    '/assets/../index.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/',
  ])('serves no file outside its folders: %s', async (path) => {
    const { status } = await fetchRaw(origin + path);
    expect([400, 403, 404]).toContain(status);
  });

  it("shows Apollo's landing page to a browser at the API's own path", async () => {
    const { status, headers, body } = await fetchRaw(server.url, { accept: 'text/html' });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(body.toString()).toContain('Apollo');
  });

  it('is refused under another host name', async () => {
    expect((await fetchRaw(`${origin}/`, { host: 'tracker.example' })).status).toBe(403);
  });

  it.each(['/%', '/experiments/%zz', `/subjects/${'x'.repeat(5_000)}`])(
    'says in the words of the API that an address is none: %#',
    async (path) => {
      const { status, body } = await fetchRaw(origin + path);
      expect([400, 414]).toContain(status);
      expect(JSON.parse(body.toString()).errors[0].extensions).toEqual({ code: 'BAD_REQUEST' });
    },
  );
});
