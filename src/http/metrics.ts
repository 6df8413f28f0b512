import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishedOperation } from '../execution/operations';
import type { Admissions } from './admission';

/** What the gauges of a server are taken from. */
export interface MetricsSource {
  subscribers: () => number;
  webSockets: () => number;
  streams: () => number;
  feedIsAlive: () => boolean;
  /** In ms; undefined before the first heartbeat has come back. */
  lagMs: () => number | undefined;
}

/** In seconds: from what a command on the same machine takes to the time limits of reads. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * The metrics of one server, for Prometheus. No label ever holds what a client has sent: the names of commands are the
 * driver's, and kinds and outcomes of operations are a few fixed words.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly commands: Histogram;
  private readonly failedCommands: Counter;
  private readonly operations: Counter;
  private readonly operationTimes: Histogram;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.commands = new Histogram({
      name: 'epochgraph_database_command_duration_seconds',
      help: 'From asking for a connection to the whole answer, by the name of the command.',
      labelNames: ['command'],
      buckets: BUCKETS,
      registers,
    });
    this.failedCommands = new Counter({
      name: 'epochgraph_database_command_failures_total',
      help: 'Commands that the database refused or did not answer, by their name.',
      labelNames: ['command'],
      registers,
    });
    this.operations = new Counter({
      name: 'epochgraph_operations_total',
      help: 'GraphQL operations by transport, kind and outcome: ok, or the code of the first error.',
      labelNames: ['transport', 'kind', 'outcome'],
      registers,
    });
    this.operationTimes = new Histogram({
      name: 'epochgraph_operation_duration_seconds',
      help: 'From the parsing of an operation to its answer; of a subscription, until it stands.',
      labelNames: ['kind'],
      buckets: BUCKETS,
      registers,
    });
  }

  /** Counts a command that is sent; the result is to be called when it is answered. */
  command(name: string): (ms: number, failed: boolean) => void {
    return (ms, failed) => {
      this.commands.observe({ command: name }, ms / 1_000);
      if (failed) this.failedCommands.inc({ command: name });
    };
  }

  /** Counts an operation that has been answered. */
  operation({ transport, kind, outcome, ms }: FinishedOperation): void {
    this.operations.inc({ transport, kind, outcome });
    this.operationTimes.observe({ kind }, ms / 1_000);
  }

  /** Puts `/metrics` on the server, in the text format of Prometheus. */
  serve(app: FastifyInstance, source: MetricsSource, { everyRequest }: Admissions): void {
    this.gauge('subscribers', 'Subscriptions that follow the change stream.', source.subscribers);
    this.gauge('websockets', 'Open WebSockets.', source.webSockets);
    this.gauge('event_streams', 'Open streams of Server-Sent Events.', source.streams);
    this.gauge('change_stream_up', '1 while the change stream is open and brings heartbeats back.', () =>
      Number(source.feedIsAlive()),
    );
    this.gauge(
      'change_stream_lag_seconds',
      'From the writing of a heartbeat to its coming back on the change stream; NaN before the first.',
      () => (source.lagMs() ?? NaN) / 1_000,
    );
    app.get('/metrics', { onRequest: everyRequest }, async (_request, reply) =>
      reply.header('content-type', this.registry.contentType).send(await this.registry.metrics()),
    );
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `epochgraph_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
