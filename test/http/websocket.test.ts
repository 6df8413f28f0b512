import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

const PROTOCOL = 'graphql-transport-ws';
const INIT = JSON.stringify({ type: 'connection_init' });

describe('the WebSocket', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const open = async (headers: Record<string, string> = {}, protocols: string[] = [PROTOCOL]): Promise<WebSocket> => {
    const socket = new WebSocket(socketUrl(server.url), protocols, { headers });
    await once(socket, 'open');
    return socket;
  };
  /** Sends messages one after another and gives the code that the server closes with. */
  const closeCodeOf = async (socket: WebSocket, ...messages: string[]): Promise<number> => {
    const closed = once(socket, 'close') as Promise<[number]>;
    for (const message of messages) socket.send(message);
    return (await closed)[0];
  };
  const refusalOf = async (url: string, headers: Record<string, string> = {}): Promise<number> => {
    const socket = new WebSocket(url, [PROTOCOL], { headers });
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; destroy(): void },
    ];
    response.destroy();
    return response.statusCode;
  };

  it('is at the same path as HTTP and nowhere else', async () => {
    expect(await refusalOf(socketUrl(server.url).replace('/graphql', '/other'))).toBe(404);
    const socket = await open();
    expect(socket.protocol).toBe(PROTOCOL);
    socket.close();
  });

  it('is refused to pages of other origins and under other host names', async () => {
    const url = socketUrl(server.url);
    expect(await refusalOf(url, { origin: 'https://evil.example' })).toBe(403);
    expect(await refusalOf(url, { origin: 'null' })).toBe(403);
    expect(await refusalOf(url, { host: 'evil.example' })).toBe(403);
    const { port } = new URL(server.url);
    (await open({ origin: `http://localhost:${port}` })).close();
  });

  it.each([
    ['no subprotocol', 4406, [], [INIT]],
    ['text that is no message', 4400, [PROTOCOL], ['{']],
    ['a message of no known type', 4400, [PROTOCOL], ['{"type":"nothing"}']],
    [
      'a subscription before the initialisation',
      4401,
      [PROTOCOL],
      ['{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}'],
    ],
    ['two initialisations', 4429, [PROTOCOL], [INIT, INIT]],
    ['a message that only servers send, at which graphql-ws fails,', 4500, [PROTOCOL], ['{"type":"connection_ack"}']],
    ['more than 8 MB', 1009, [PROTOCOL], ['x'.repeat(8 * 1024 * 1024 + 1)]],
  ])('is closed for %s with %i', async (_, code, protocols, messages) => {
    const socket = new WebSocket(socketUrl(server.url), protocols);
    const closed = once(socket, 'close') as Promise<[number]>;
    socket.on('error', () => undefined);
    socket.on('open', () => messages.forEach((message) => socket.send(message)));
    expect((await closed)[0]).toBe(code);
  });

  it('is closed for an id that is in use with 4409', async () => {
    const socket = await open();
    const subscription = JSON.stringify({
      id: '1',
      type: 'subscribe',
      payload: { query: 'subscription { experimentChanged { kind } }' },
    });
    const acknowledged = once(socket, 'message');
    socket.send(INIT);
    await acknowledged;
    expect(await closeCodeOf(socket, subscription, subscription)).toBe(4409);
  });

  it('is closed for no initialisation within 3 seconds with 4408', async () => {
    expect(await closeCodeOf(await open())).toBe(4408);
  });

  it('answers a ping with its payload', async () => {
    const socket = await open();
    socket.send('{"type":"ping","payload":{"n":1}}');
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toEqual({ type: 'pong', payload: { n: 1 } });
    socket.close();
  });

  it('lets an id be used again once its operation is complete', async () => {
    const socket = await open();
    const query = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } });
    const types: string[] = [];
    socket.on('message', (data: Buffer) => types.push((JSON.parse(data.toString()) as { type: string }).type));
    socket.send(INIT);
    await once(socket, 'message');
    for (const expected of [3, 5]) {
      socket.send(query);
      while (types.length < expected) await once(socket, 'message');
    }
    expect(types).toEqual(['connection_ack', 'next', 'complete', 'next', 'complete']);
    socket.close();
  });

  it('tells its clients to come back when the server closes', async () => {
    const other = await startServer();
    const socket = new WebSocket(socketUrl(other.url), [PROTOCOL]);
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number]>;
    await other.close();
    expect((await closed)[0]).toBe(1001);
  });
});
