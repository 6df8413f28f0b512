import { createExperiment } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { newClient, subscribe } from '../kit/subscribe';

const CHANGED = 'subscription { experimentChanged { experimentId } }';

describe('health and metrics', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const get = (path: string) => fetch(new URL(path, server.url));
  /** The value of each of our own metrics. */
  const metrics = async (): Promise<Record<string, number>> => {
    const lines = (await (await get('/metrics')).text()).split('\n').filter((line) => line.startsWith('epochgraph_'));
    return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]));
  };

  it('count subscribers, sockets and streams, and say how far the change stream is behind', async () => {
    const client = newClient(server.url);
    const events = await subscribe(client, CHANGED);
    const stream = await fetch(`${server.url}/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: CHANGED }),
    });
    await createExperiment(server);
    await events.next();
    const ready = await get('/health/ready');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      checks: { queries: true, changes: true },
      live: { subscribers: 2, lagMs: expect.any(Number) },
    });
    expect(await metrics()).toEqual({
      epochgraph_subscribers: 2,
      epochgraph_websockets: 1,
      epochgraph_event_streams: 1,
      epochgraph_change_stream_up: 1,
      epochgraph_change_stream_lag_seconds: expect.any(Number),
    });
    expect((await metrics()).epochgraph_change_stream_lag_seconds).toBeGreaterThanOrEqual(0);
    await stream.body!.cancel();
    await client.dispose();
    for (let tries = 0; server.subscribers() > 0 && tries < 200; tries++) await new Promise((r) => setTimeout(r, 20));
    expect(await metrics()).toMatchObject({
      epochgraph_subscribers: 0,
      epochgraph_websockets: 0,
      epochgraph_event_streams: 0,
    });
  });

  it('are what Prometheus and programs expect', async () => {
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    for (const name of ['epochgraph_subscribers', 'nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes']) {
      expect(text).toContain(`# HELP ${name} `);
    }
    expect(await (await get('/health/live')).json()).toEqual({ status: 'live' });
  });
});
