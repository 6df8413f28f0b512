import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Stores } from '../stores';

/** What decides whether the server is ready. */
export interface HealthSource {
  stores: Stores;
  database: string;
  feedIsOpen: () => boolean;
}

const ANSWER_WITHIN_MS = 2_000;

/** `/health/live`: the process answers. `/health/ready`: queries work (200), or why they don't (503). */
export function serveHealth(app: FastifyInstance, { stores, database, feedIsOpen }: HealthSource): void {
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const answered = stores.database.db.command({ ping: 1 }).then(
      () => true,
      () => false,
    );
    const queries = await Promise.race([answered, sleep(ANSWER_WITHIN_MS, false, { ref: false })]);
    const changes = feedIsOpen();
    return reply
      .code(queries ? 200 : 503)
      .send({ status: queries ? 'ready' : 'unavailable', database, checks: { queries, changes } });
  });
}
