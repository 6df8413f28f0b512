import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Stores } from '../stores';

/** What decides whether the server is ready. */
export interface HealthSource {
  stores: Stores;
  /** Which database, in words that tell nobody where it is. */
  database: string;
  /** Whether the server is about to end: it answers what is asked, and should be asked nothing more. */
  isClosing: () => boolean;
  /** Whether the change stream is open and brings heartbeats back. */
  feedIsAlive: () => boolean;
  subscribers: () => number;
  /** How far the change stream is behind, in ms; undefined before the first heartbeat has come back. */
  lagMs: () => number | undefined;
}

const ANSWER_WITHIN_MS = 2_000;

/** Where the health of a server is asked for, by programs that know it by its address alone. */
export const HEALTH_PATHS = '/health/';

/**
 * `/health/live`: the process answers. `/health/ready`: queries work (200), or they don't, or the server is about to end
 * (503). Nothing in the answers is secret: they are for everybody who can reach the server.
 */
export function serveHealth(app: FastifyInstance, source: HealthSource): void {
  const { stores, database } = source;
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const answered = (async () => stores.database.db.command({ ping: 1 }))().then(
      () => true,
      () => false,
    );
    const queries = await Promise.race([answered, sleep(ANSWER_WITHIN_MS, false, { ref: false })]);
    const status = source.isClosing() ? 'closing' : queries ? 'ready' : 'unavailable';
    return reply
      .code(status === 'ready' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status,
        database,
        checks: { queries, changes: source.feedIsAlive() },
        live: { subscribers: source.subscribers(), lagMs: source.lagMs() ?? null },
      });
  });
}
