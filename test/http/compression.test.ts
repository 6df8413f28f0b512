import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { isOfThisMachine } from '../../src/http/compression';
import { ADMIN_TOKEN } from '../kit/guarded';
import { startServer, type TestServer } from '../kit/server';

const LARGE = '{ __schema { types { name description fields { name description } } } }';
const SMALL = '{ serverInfo { version } }';
/** Of a query whose subtrees are compiled and of one that Apollo Server answers: both are introspection. */
const ACCEPTS = ['application/json', 'application/json;q=0.7'];

const DECODERS: Record<string, (body: Buffer) => Buffer> = { br: brotliDecompressSync, gzip: gunzipSync };

/** The answer as the network has it: `fetch` would decompress. */
async function post(url: string, query: string, headers: Record<string, string>) {
  const sent = request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
  });
  sent.end(JSON.stringify({ query }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { headers: response.headers, body: await buffer(response) };
}

describe('compression', () => {
  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')?.address;
  let server: TestServer;
  let here: string;
  beforeAll(async () => {
    server = await startServer({ host: '0.0.0.0', adminToken: ADMIN_TOKEN, requireTokens: true });
    here = `http://127.0.0.1:${new URL(server.url).port}/graphql`;
  });
  afterAll(() => server.close());

  it('leaves answers to this machine alone', async () => {
    const { headers, body } = await post(here, LARGE, { 'accept-encoding': 'br, gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(body.toString())).toHaveProperty('data.__schema');
  });

  // A machine that is reached by no address of its own but loopback has nobody to compress for.
  (elsewhere ? describe : describe.skip)('of answers to other addresses', () => {
    const there = () => here.replace('127.0.0.1', elsewhere!);

    it.each(Object.keys(DECODERS).flatMap((encoding) => ACCEPTS.map((accept) => [encoding, accept])))(
      'takes %s where the client takes nothing better, accepting %s',
      async (encoding, accept) => {
        const whole = await post(here, LARGE, { accept });
        const { headers, body } = await post(there(), LARGE, { accept, 'accept-encoding': encoding });
        expect(headers).toMatchObject({
          'content-encoding': encoding,
          vary: expect.stringMatching(/accept-encoding/i),
        });
        expect(headers['content-type']).toBe(whole.headers['content-type']);
        expect(body.length).toBeLessThan(whole.body.length / 2);
        expect(DECODERS[encoding]!(body)).toEqual(whole.body);
      },
    );

    it.each([
      ['small answers', SMALL, { 'accept-encoding': 'br, gzip' }],
      ['clients that take none', LARGE, {}],
      ['clients that take others', LARGE, { 'accept-encoding': 'compress' }],
    ])('is not done for %s', async (_, query, accepted) => {
      const { headers, body } = await post(there(), query, accepted);
      expect(headers['content-encoding']).toBeUndefined();
      expect(JSON.parse(body.toString())).toHaveProperty('data');
    });

    it('is not done for event streams', async () => {
      const { headers } = await post(`${there()}/stream`, LARGE, {
        accept: 'text/event-stream',
        'accept-encoding': 'br, gzip',
      });
      expect(headers['content-type']).toMatch(/event-stream/);
      expect(headers['content-encoding']).toBeUndefined();
    });
  });

  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.1', false],
    ['::ffff:192.0.2.1', false],
    ['2001:db8::1', false],
  ])('%s is this machine: %s', (address, expected) => {
    expect(isOfThisMachine(address)).toBe(expected);
  });
});
