import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Stores } from '../stores';

/** What decides whether the server is ready. */
export interface HealthSource {
  stores: Stores;
  database: string;
  /** Whether the change stream is open and brings heartbeats back. */
  feedIsAlive: () => boolean;
  subscribers: () => number;
  /** How far the change stream is behind, in ms; undefined before the first heartbeat has come back. */
  lagMs: () => number | undefined;
}

const ANSWER_WITHIN_MS = 2_000;

/** `/health/live`: the process answers. `/health/ready`: queries work (200), or why they don't (503). */
export function serveHealth(app: FastifyInstance, source: HealthSource): void {
  const { stores, database } = source;
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const answered = stores.database.db.command({ ping: 1 }).then(
      () => true,
      () => false,
    );
    const queries = await Promise.race([answered, sleep(ANSWER_WITHIN_MS, false, { ref: false })]);
    return reply.code(queries ? 200 : 503).send({
      status: queries ? 'ready' : 'unavailable',
      database,
      checks: { queries, changes: source.feedIsAlive() },
      live: { subscribers: source.subscribers(), lagMs: source.lagMs() ?? null },
    });
  });
}
