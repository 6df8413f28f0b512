import type { AddressInfo, Server } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import { LOCAL_VIEWER } from '../../src/auth/viewer';
import { createContextFactory, type Context } from '../../src/context';
import { Broker } from '../../src/live/broker';
import { ChangeFeed } from '../../src/live/feed';
import { Heart } from '../../src/live/heart';
import { Live } from '../../src/live/subscriptions';
import { createLog } from '../../src/log';
import { createSchema } from '../../src/schema';
import { FIXED_LIMITS, VERSION } from '../../src/server';
import { createStores } from '../../src/stores';
import { openDatabase } from '../../src/stores/database';
import { HeartbeatStore } from '../../src/stores/heartbeats';

/** What every peer serves: Epochgraph's own schema, over its own stores. */
export interface Served {
  schema: GraphQLSchema;
  /** A new one for each operation, as loaders remember what they read. */
  createContext: () => Context;
}

/** Opens the database at MONGODB_URI for a peer. Its change stream stays closed: peers serve no subscriptions. */
export async function openServed(): Promise<Served> {
  const log = createLog('warn');
  const database = await openDatabase(process.env.MONGODB_URI!);
  const stores = createStores(database, log, { stalledAfterMinutes: 5 });
  const broker = new Broker();
  const heartbeats = new HeartbeatStore(database);
  const feed = new ChangeFeed(database, broker, log, heartbeats.server);
  const live = new Live(stores, broker, feed, new Heart(heartbeats, feed, log), log);
  const server = { version: VERSION, embedded: true, limits: { ...FIXED_LIMITS, stalledAfterMinutes: 5 } };
  const createContext = createContextFactory({ stores, live, server });
  return { schema: createSchema(), createContext: () => createContext(LOCAL_VIEWER) };
}

/** Says where a peer listens, in the words of Epochgraph. */
export function announce(server: Server, pathname: string): void {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`The peer listens on http://127.0.0.1:${port}${pathname}\n`);
}
