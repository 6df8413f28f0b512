import { existsSync } from 'node:fs';
import path from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Paths of the dashboard's pages; web/src/app.tsx knows what is at each. */
const PAGES = ['/', '/experiments/:id', '/compare', '/leaderboard', '/subjects', '/subjects/:id'];

const SHARED_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** What a page may load, and from where: nothing that is not this server's, and no script in the page itself. */
const DASHBOARD_POLICY = [...SHARED_POLICY, "style-src 'self'", "img-src 'self' data:", "font-src 'self'"].join('; ');

/** GraphiQL's editor writes style elements, draws its icons from a font in its style sheet, and works in workers. */
const GRAPHIQL_POLICY = [
  ...SHARED_POLICY,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self'",
].join('; ');

const A_YEAR = 'public, max-age=31536000, immutable';

/** The folder of a built site: beside this build, or of the last build where this runs from the sources. */
function folderOf(site: string): string {
  const beside = path.join(__dirname, '../..', site);
  return existsSync(beside) ? beside : path.join(__dirname, '../../dist', site);
}

/** What every page and file of a site carries. */
function secured(reply: FastifyReply, policy: string): FastifyReply {
  return reply
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'same-origin')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('cache-control', 'no-cache');
}

/** Answers a request with the dashboard's page, whose script then shows what is at the path. */
export type SendDashboard = (reply: FastifyReply) => FastifyReply;

/**
 * Serves the dashboard at `/` and GraphiQL at `/graphiql`, with all their files. Files with a digest in their name are
 * kept by browsers for good; pages are asked for anew. Gives what answers with the dashboard's page, for paths that no
 * page has; undefined where the dashboard was not built.
 */
export async function serveSites(app: FastifyInstance): Promise<SendDashboard | undefined> {
  const dashboard = folderOf('dashboard');
  const graphiql = folderOf('graphiql');
  if (!existsSync(dashboard) || !existsSync(graphiql)) return undefined;

  // Adds `sendFile` to replies; the two below serve the files themselves.
  await app.register(staticFiles, { root: dashboard, serve: false, preCompressed: true });
  for (const [prefix, root] of [
    ['/assets/', dashboard],
    ['/graphiql/assets/', graphiql],
  ] as const) {
    await app.register(staticFiles, {
      root: path.join(root, 'assets'),
      prefix,
      decorateReply: false,
      preCompressed: true,
      cacheControl: false,
      index: false,
      setHeaders: (response) => {
        void response.header('cache-control', A_YEAR).header('x-content-type-options', 'nosniff');
        // A worker is held to the policy of its own file.
        void response.header('content-security-policy', GRAPHIQL_POLICY);
      },
    });
  }

  const sendDashboard: SendDashboard = (reply) =>
    secured(reply, DASHBOARD_POLICY).sendFile('index.html', dashboard, { cacheControl: false });
  for (const page of PAGES) app.get(page, (_request, reply) => sendDashboard(reply));
  for (const page of ['/graphiql', '/graphiql/']) {
    app.get(page, (_request, reply) =>
      secured(reply, GRAPHIQL_POLICY).sendFile('index.html', graphiql, { cacheControl: false }),
    );
  }
  app.get('/icon.svg', (_request, reply) =>
    secured(reply, DASHBOARD_POLICY).sendFile('icon.svg', dashboard, { cacheControl: false }),
  );
  app.get('/favicon.ico', (_request, reply) => reply.redirect('/icon.svg'));
  return sendDashboard;
}
