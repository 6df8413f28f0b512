import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { startCuttingProxy } from '../faults/cutting-proxy';
import { newDatabaseUri } from '../kit/database';
import { killProcesses, startProcess, until } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';
import { expectWhole, Trainer } from '../kit/trainer';
import { socketUrl } from '../kit/subscribe';

/** The issue's own bound: whoever runs the server ends it the hard way then. */
const EXIT_WITHIN_MS = 10_000;
const TRAINERS = 8;
const SUBSCRIBERS = 10;

let store: ProcessStore;
afterEach(async () => {
  await killProcesses();
  await store.remove();
});

it('under load: loses nothing that was acknowledged, tells its subscribers, and is gone within 10 s', async () => {
  store = newStore();
  const server = await startProcess({ env: store.env, cwd: store.folder });
  const trainers = Array.from({ length: TRAINERS }, () => new Trainer(server.url));
  await Promise.all(trainers.map((trainer) => trainer.create()));
  const query = `subscription ($id: ID!) { epochLogged(experimentId: $id, afterEpoch: -1) { epoch { epoch } } }`;
  const bodyOf = (index: number) => ({ query, variables: { id: trainers[index % TRAINERS]!.id } });

  const events = { sockets: 0, streams: 0 };
  const closes: Promise<number>[] = [];
  for (let index = 0; index < SUBSCRIBERS; index++) {
    const socket = new WebSocket(socketUrl(server.url), ['graphql-transport-ws']);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.on('message', (data: Buffer) => (events.sockets += Number(data.toString().includes('"next"'))));
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: bodyOf(index) }));
    closes.push(new Promise((resolve) => socket.once('close', resolve)));
  }
  const streams = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, async (_, index) => {
      const response = await fetch(`${server.url}/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(bodyOf(index)),
      });
      return { text: readAll(response, () => events.streams++) };
    }),
  );
  // Clients that would hold a server up: one that says nothing, one that never comes to the end of its request.
  const { port, hostname } = new URL(server.url);
  const idle = connect(Number(port), hostname);
  const slow = connect(Number(port), hostname);
  for (const socket of [idle, slow]) socket.on('error', () => undefined);
  slow.write(
    'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );

  for (const trainer of trainers) trainer.resume();
  await until(
    () => events.sockets > 50 && events.streams > 50,
    () => `Too few events came: ${JSON.stringify(events)}`,
    20_000,
  );
  const began = Date.now();
  const exit = await server.stop('SIGTERM');
  expect(Date.now() - began).toBeLessThan(EXIT_WITHIN_MS);
  expect(exit).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(await Promise.all(closes)).toEqual(closes.map(() => 1001));
  for (const { text } of streams) expect(await text).toMatch(/event: complete\n/);
  await Promise.all(trainers.map((trainer) => trainer.pause()));
  expect(trainers.flatMap(({ refusals }) => refusals)).toEqual([]);
  for (const socket of [idle, slow]) socket.destroy();

  const again = await startProcess({ env: store.env, cwd: store.folder });
  for (const trainer of trainers) await expectWhole(again, trainer);
}, 90_000);

it('while the database is away: is gone within 10 s', async () => {
  store = newStore();
  const proxy = await startCuttingProxy(newDatabaseUri());
  const server = await startProcess({ env: { MONGODB_URI: proxy.uri, LOG_LEVEL: 'silent' }, cwd: store.folder });
  const trainer = new Trainer(server.url);
  await trainer.create();
  await proxy.shut();
  trainer.resume();
  await until(
    () => trainer.outages > 0,
    () => 'The outage was not noticed.',
    20_000,
  );
  const began = Date.now();
  const exit = await server.stop('SIGTERM');
  expect(Date.now() - began).toBeLessThan(EXIT_WITHIN_MS);
  expect(exit).toMatchObject({ code: 0, signal: null });
  await trainer.pause();
  await proxy.close();
}, 60_000);

/** An event stream's text to its end, whichever way it ends; `each` is called for every result in it. */
async function readAll(response: Response, each: () => void): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const part = decoder.decode(chunk);
      text += part;
      for (let count = part.split('event: next').length - 1; count > 0; count--) each();
    }
  } catch {
    // The text so far shows whether the stream was completed before.
  }
  return text;
}
