import { MongoClient, type Document } from 'mongodb';
import type { Config } from '../../src/config';
import { newDatabaseUri } from '../kit/database';
import { serve } from '../embedded/served';
import { startServer, type TestServer } from '../kit/server';

/** A server whose database fails on demand. */
export interface FailingServer {
  server: TestServer;
  /** Sets MongoDB's fail point failCommand, for this server's commands alone. */
  fail: (mode: { times: number } | 'alwaysOn', data: Document) => Promise<void>;
  /** Switches it off. */
  recover: () => Promise<void>;
  close: () => Promise<void>;
}

/**
 * Starts one, on an embedded database of its own or under MONGODB_URI, whose mongod must have been started with
 * `--setParameter enableTestCommands=1`; throws a sentence that says so where it was not.
 */
export async function startFailingServer(changes: Partial<Config> = {}): Promise<FailingServer> {
  const appName = `faults-${process.pid}-${Date.now()}`;
  const own = process.env.MONGODB_URI ? undefined : await serve();
  const base = own ? own.database.uri.replace('/?', '/faults?') : newDatabaseUri();
  const options = `appName=${appName}&minHeartbeatFrequencyMS=50${base.includes('monitorCommands') ? '' : '&monitorCommands=true'}`;
  const uri = `${base}${base.includes('?') ? '&' : '?'}${options}`;
  const client = own?.client ?? (await MongoClient.connect(newDatabaseUri()));
  const configure = async (mode: unknown, data?: Document): Promise<void> => {
    // Other suites use a deployment under MONGODB_URI at the same time; the embedded database is this suite's alone.
    const scope = own ? {} : { appName };
    const command = { configureFailPoint: 'failCommand', mode, ...(data ? { data: { ...data, ...scope } } : {}) };
    await client
      .db('admin')
      .command(command)
      .catch((error: { codeName?: string; message: string }) => {
        throw new Error(
          `MONGODB_URI has no fail points (${error.message}): start its mongod with --setParameter enableTestCommands=1.`,
        );
      });
  };
  const recover = () => configure('off');
  await recover();
  const server = await startServer({ ...changes, mongodbUri: uri });
  return {
    server,
    fail: configure,
    recover,
    close: async () => {
      await recover();
      await server.close();
      if (own) await own.close();
      else await client.close();
    },
  };
}
