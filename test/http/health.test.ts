import { request } from 'node:http';
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
  /** The value of each of our own metrics, but for the buckets and sums of times. */
  const metrics = async (): Promise<Record<string, number>> => {
    const lines = (await (await get('/metrics')).text())
      .split('\n')
      .filter((line) => /^epochgraph_(?!\w+_(bucket|sum)\{)/.test(line));
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
    expect(await metrics()).toMatchObject({
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

  it('count operations by transport, kind and outcome, and commands by name, whatever names a client invents', async () => {
    const before = await metrics();
    const counted = async (name: string): Promise<number> => ((await metrics())[name] ?? 0) - (before[name] ?? 0);
    const operations = (labels: string) => counted(`epochgraph_operations_total{transport="http",${labels}}`);
    for (let i = 0; i < 50; i++) await server.query(`query Invented${i} { invented${i} }`);
    await server.query('{ experiments(first: 0) { totalCount } }');
    await server.query('query { __typename');
    await server.data('query Named { experiments(first: 1) { nodes { id } } }');
    expect(await operations('kind="unknown",outcome="GRAPHQL_VALIDATION_FAILED"')).toBe(50);
    expect(await operations('kind="query",outcome="BAD_USER_INPUT"')).toBe(1);
    expect(await operations('kind="unknown",outcome="GRAPHQL_PARSE_FAILED"')).toBe(1);
    expect(await operations('kind="query",outcome="ok"')).toBe(1);
    expect(await counted('epochgraph_operation_duration_seconds_count{kind="query"}')).toBe(2);
    expect(await counted('epochgraph_database_command_duration_seconds_count{command="aggregate"}')).toBe(1);
    expect(await (await get('/metrics')).text()).not.toMatch(/invented|Named/i);
  });

  it('tell the change stream, which waits for events, from other commands, and count refused commands', async () => {
    const { db } = server.stores.database;
    await expect(db.command({ notACommand: 1 })).rejects.toThrow();
    const all = await metrics();
    expect(all['epochgraph_database_command_failures_total{command="notACommand"}']).toBe(1);
    expect(all['epochgraph_database_command_duration_seconds_count{command="changeStream"}']).toBeGreaterThan(0);
  });

  it('are asked for under any host name by a load balancer, and tell it nothing of where the database is', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const path = { path: '/health/ready', headers: { host: '10.1.2.3:4000' } };
      request(server.url, path, (response) => {
        let text = String(response.statusCode);
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toMatch(/^200\{"status":"ready","database":"MongoDB [\d.]+","checks":/);
    expect(answer).not.toContain(server.stores.database.db.databaseName);
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
