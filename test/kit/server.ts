import type { Config, Execution } from '../../src/config';
import { DEFAULT_LIMITS } from '../../src/limits';
import { createLog } from '../../src/log';
import { createServer, type EpochgraphServer } from '../../src/server';
import { newDatabaseUri } from './database';

/** What a GraphQL request came back with. */
export interface Answer<T = Record<string, never>> {
  status: number;
  data: T;
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> & { code: string } }[];
}

export interface TestServer extends EpochgraphServer {
  /** Everything that the server has logged. */
  log: Record<string, unknown>[];
  /** Closes the server and leaves its database. */
  stop: () => Promise<void>;
  /** Runs a document over HTTP. */
  query: <T = any>(document: string, variables?: Record<string, unknown>) => Promise<Answer<T>>;
  /** The same, but throws where there are errors. */
  data: <T = any>(document: string, variables?: Record<string, unknown>) => Promise<T>;
}

export function testConfig(changes: Partial<Config> = {}): Config {
  return {
    port: 0,
    host: '127.0.0.1',
    requireTokens: false,
    adminToken: undefined,
    allowedHosts: undefined,
    allowedOrigins: [],
    dataDir: '/nowhere',
    mongodbUri: newDatabaseUri(),
    embeddedPort: undefined,
    stalledAfterMinutes: 5,
    slowOperationMs: 1000,
    databaseWaitSeconds: 0,
    execution: (process.env.EXECUTION ?? 'compiled') as Execution,
    logLevel: 'info',
    production: false,
    limits: DEFAULT_LIMITS,
    ...changes,
  };
}

/** Sends a document to a server's API over HTTP. */
export async function query<T>(url: string, document: string, variables?: Record<string, unknown>): Promise<Answer<T>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document, variables }),
  });
  return { status: response.status, ...((await response.json()) as object) } as Answer<T>;
}

/** A server in this process, on a free port and a database of its own, which `close` drops. */
export async function startServer(changes: Partial<Config> = {}): Promise<TestServer> {
  const log: Record<string, unknown>[] = [];
  const logger = createLog('debug', { write: (line: string) => log.push(JSON.parse(line)) });
  const server = await createServer(testConfig(changes), logger);
  const ask: TestServer['query'] = (document, variables) => query(server.url, document, variables);
  return {
    ...server,
    log,
    stop: server.close,
    query: ask,
    data: async (document, variables) => {
      const { data, errors } = await ask(document, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    },
    close: async () => {
      await server.stores.database.db.dropDatabase();
      await server.close();
    },
  };
}
