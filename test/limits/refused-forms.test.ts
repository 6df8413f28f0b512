import { createExperiment } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const VERSION = '{ serverInfo { version } }';

/** What a page of another origin can have a browser send without asking first, and requests in forms that are not served. */
describe('requests in other forms', () => {
  let server: TestServer;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
    id = await createExperiment(server);
  });
  afterAll(() => server.close());

  const paths = ['/graphql', '/graphql/stream'];
  const accept = { accept: 'text/event-stream, application/json' };
  const heartbeat = () => `mutation { heartbeat(experimentId: "${id}") { experiment { id } } }`;
  const lastSeen = async (): Promise<string> =>
    (await server.data('query ($id: ID!) { experiment(id: $id) { lastSeenAt } }', { id })).experiment.lastSeenAt;

  /** Sends a request and expects it to be refused with a status, in words, with nothing written. */
  async function refused(path: string, status: number, init: RequestInit): Promise<string> {
    const before = await lastSeen();
    const response = await fetch(new URL(path, server.url), { ...init, headers: { ...accept, ...init.headers } });
    const text = await response.text();
    expect([path, response.status, text]).toEqual([path, status, expect.stringMatching(/"code":"[A-Z_]+"/)]);
    expect(await lastSeen()).toBe(before);
    return text;
  }

  it.each([
    ['application/x-www-form-urlencoded', () => new URLSearchParams({ query: heartbeat() }).toString()],
    ['text/plain', () => JSON.stringify({ query: heartbeat() })],
    ['text/plain;charset=UTF-8', () => JSON.stringify({ query: heartbeat() })],
    [
      'multipart/form-data; boundary=b',
      () => `--b\r\nContent-Disposition: form-data; name="query"\r\n\r\n${heartbeat()}\r\n--b--`,
    ],
    [
      'multipart/form-data; boundary=b',
      () =>
        `--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query: heartbeat() })}\r\n--b--`,
    ],
    ['application/graphql', () => heartbeat()],
    ['', () => JSON.stringify({ query: heartbeat() })],
  ])('a body of type %j is not read', async (type, body) => {
    for (const path of paths) {
      const blob = new Blob([body()]);
      const text = await refused(path, 415, {
        method: 'POST',
        body: blob,
        headers: type === '' ? {} : { 'content-type': type },
      });
      expect(text).toContain('application/json');
    }
  });

  it('a mutation by GET is refused, also with the header that shows a program', async () => {
    const query = `?${new URLSearchParams({ query: heartbeat() }).toString()}`;
    const program = { 'apollo-require-preflight': '1' };
    expect(await refused(`/graphql${query}`, 405, { headers: program })).toContain('BAD_REQUEST');
    expect(await refused(`/graphql${query}`, 400, {})).toContain('CSRF');
    // An event stream stands before its operation is looked at: the refusal is its result.
    expect(await refused(`/graphql/stream${query}`, 200, {})).toContain('"code":"BAD_REQUEST"');
  });

  it('a simple GET is refused where no header shows that the browser has asked first', async () => {
    const url = `${server.url}?${new URLSearchParams({ query: VERSION }).toString()}`;
    const simple = await fetch(url, { headers: { accept: 'application/json' } });
    expect(simple.status).toBe(400);
    expect(await simple.text()).toContain('CSRF');
    for (const header of ['apollo-require-preflight', 'x-apollo-operation-name']) {
      expect((await fetch(url, { headers: { [header]: '1' } })).status).toBe(200);
    }
  });

  it.each([
    ['one operation in a list', [{ query: VERSION }]],
    ['many operations in a list', Array.from({ length: 100 }, () => ({ query: VERSION }))],
    ['no operation in a list', []],
  ])('a batch (%s) is refused', async (_, batch) => {
    for (const path of paths) {
      const init = { method: 'POST', body: JSON.stringify(batch), headers: { 'content-type': 'application/json' } };
      expect(await refused(path, 400, init)).toContain('BAD_REQUEST');
    }
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('%s is served nowhere', async (method) => {
    for (const path of paths) await refused(path, 404, { method });
  });
});
