import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What the metrics of a server are taken from. */
export interface MetricsSource {
  subscribers: () => number;
  webSockets: () => number;
  streams: () => number;
  feedIsAlive: () => boolean;
  /** In ms; undefined before the first heartbeat has come back. */
  lagMs: () => number | undefined;
}

/** `/metrics` in the text format of Prometheus: the process, and the live side of the server. */
export function serveMetrics(app: FastifyInstance, source: MetricsSource): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `epochgraph_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('subscribers', 'Subscriptions that follow the change stream.', source.subscribers);
  gauge('websockets', 'Open WebSockets.', source.webSockets);
  gauge('event_streams', 'Open streams of Server-Sent Events.', source.streams);
  gauge('change_stream_up', '1 while the change stream is open and brings heartbeats back.', () =>
    Number(source.feedIsAlive()),
  );
  gauge(
    'change_stream_lag_seconds',
    'From the writing of a heartbeat to its coming back on the change stream; NaN before the first.',
    () => (source.lagMs() ?? NaN) / 1_000,
  );
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
}
