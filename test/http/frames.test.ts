import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { FrameWriter } from '../../src/http/frames';

/** Texts of so many bytes: around every length that a frame writes in another way, in letters of one byte and of more. */
const LENGTHS = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, 300_000];
const TEXTS = LENGTHS.flatMap((length) => [
  'x'.repeat(length),
  `${'é'.repeat(length >> 1)}${length % 2 ? '!' : ''}`,
  '🧠',
]);

describe('frames', () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let client: WebSocket;
  let writer: FrameWriter;
  let webSocket: WebSocket;
  const received: string[] = [];

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connected = once(sockets, 'connection') as Promise<[WebSocket, { socket: Socket }]>;
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('message', (data: Buffer, isBinary) => received.push(`${isBinary ? 'binary ' : ''}${data.toString()}`));
    const [[opened, { socket }]] = await Promise.all([connected, once(client, 'open')]);
    webSocket = opened;
    writer = new FrameWriter(opened, socket);
  });
  afterAll(() => {
    client.terminate();
    sockets.close();
    server.close();
  });
  beforeEach(() => received.splice(0));

  const heard = async (count: number): Promise<void> => {
    while (received.length < count) await once(client, 'message');
  };

  it('of one turn arrive each as it was, in order, and say when they have left', async () => {
    await Promise.all(TEXTS.map((text) => new Promise<void>((resolve) => writer.send(text, resolve))));
    await heard(TEXTS.length);
    expect(received).toEqual(TEXTS);
  });

  it('keep their order among pings and what the library sends', async () => {
    for (const text of TEXTS.slice(0, 12)) {
      writer.send(text);
      await new Promise(setImmediate);
      webSocket.ping();
      webSocket.send('of the library');
    }
    await heard(24);
    expect(received).toEqual(TEXTS.slice(0, 12).flatMap((text) => [text, 'of the library']));
  });

  it('to a socket that has closed are let go of', async () => {
    const gone = once(webSocket, 'close');
    client.terminate();
    await gone;
    await new Promise<void>((resolve) => writer.send('too late', resolve));
    expect(writer.room()).toBeUndefined();
  });
});
