import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, type Db, type Document, type Timestamp } from 'mongodb';
import { StartupError } from '../errors';
import { collectionsOf, ensureIndexes, type Collections } from './collections';
import { observeCommands, type CommandObserver } from './command-monitor';
import { ConnectionWatch, refusalOf, STANDALONE, tooOld, type ConnectionFault } from './connection-faults';
import { wakeDeadConnections } from './dead-connections';
import { isDatabaseUnavailable } from './failures';
import { readLimit } from './time-limits';

export const DEFAULT_DATABASE = 'eeg2025';

const RETRY_MS = 1_000;
/** How often the same is said of a database that is waited for. */
const REPEAT_MS = 5_000;

/** An open connection to the one database that a server works on. */
export interface Database {
  readonly client: MongoClient;
  readonly db: Db;
  readonly collections: Collections;
  /** The database's own version, such as "7.0.0". */
  readonly version: string;
  /**
   * The cluster time now: everything that has been read before is not newer. Undefined where the deployment keeps none.
   */
  clusterTime(): Promise<Timestamp | undefined>;
  close(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  /** How long to wait for one that does not answer yet, in ms; 0, the default, means that the first failure is the end. */
  waitMs?: number | undefined;
  /** Told every few seconds what is waited for, and for how long yet. */
  onWaiting?: ((why: string, leftMs: number) => void) | undefined;
  /** Ends the waiting. */
  signal?: AbortSignal | undefined;
  /** Told of every command that is sent. */
  observe?: CommandObserver | undefined;
}

const OLDEST = [4, 4];

/** Why this deployment can't serve; undefined where it can. Change streams and transactions need an oplog. */
function faultOfDeployment(hello: Document, versionArray: number[]): string | undefined {
  if (!hello.setName && hello.msg !== 'isdbgrid') return STANDALONE;
  const [major = 0, minor = 0] = versionArray;
  return major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!) ? tooOld(versionArray.join('.')) : undefined;
}

function newClient(uri: string, observe: CommandObserver | undefined): MongoClient {
  try {
    const client = new MongoClient(uri, {
      ...(/[?&]appName=/i.test(uri) ? {} : { appName: 'epochgraph' }),
      writeConcern: { w: 'majority', journal: true },
      retryWrites: true,
      retryReads: true,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: 5_000,
      waitQueueTimeoutMS: 5_000,
    });
    if (observe) observeCommands(client, observe);
    return client;
  } catch (error) {
    throw new StartupError(`MONGODB_URI can't be used: ${(error as Error).message}`);
  }
}

/** A connected client whose deployment can serve, or why there is none. */
async function attempt(
  uri: string,
  observe: CommandObserver | undefined,
): Promise<{ database: Database } | { fault: ConnectionFault }> {
  const client = newClient(uri, observe);
  const watch = new ConnectionWatch(client, () => void client.close());
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    return { fault: watch.explain(error) };
  } finally {
    watch.stop();
  }
  try {
    return { database: await prepare(client, uri) };
  } catch (error) {
    await client.close();
    if (error instanceof StartupError) throw error;
    const message = refusalOf(error);
    if (message !== undefined) return { fault: { message, mayPass: false } };
    if (!isDatabaseUnavailable(error)) throw error;
    return { fault: { message: `The database does not answer: ${(error as Error).message}`, mayPass: true } };
  }
}

async function prepare(client: MongoClient, uri: string): Promise<Database> {
  const db = client.db(/^[^/]*\/\/[^/]+\/[^?]/.test(uri) ? undefined : DEFAULT_DATABASE);
  const admin = db.admin();
  const [hello, build] = await Promise.all([admin.command({ hello: 1 }), admin.command({ buildInfo: 1 })]);
  const fault = faultOfDeployment(hello, build.versionArray as number[]);
  if (fault) throw new StartupError(fault);
  const collections = collectionsOf(db);
  await ensureIndexes(collections);
  const stopWaking = wakeDeadConnections(client);
  return {
    client,
    db,
    collections,
    version: String(build.version),
    clusterTime: () =>
      client.withSession(async (session) => {
        await db.command({ ping: 1 }, { session, ...readLimit() });
        return session.operationTime;
      }),
    close: () => {
      stopWaking();
      return client.close();
    },
  };
}

/**
 * Connects, checks that the deployment can serve, and makes the indexes. The database is the one that the URI names,
 * else `eeg2025`. Writes are majority-written and journaled before they are acknowledged. A database that does not
 * answer yet is waited for. Throws a StartupError, without the URI's credentials, with a sentence for each thing that
 * can be wrong: at once where waiting can't help.
 */
export async function openDatabase(uri: string, options: OpenOptions = {}): Promise<Database> {
  const { waitMs = 0, onWaiting, signal, observe } = options;
  const deadline = Date.now() + waitMs;
  let said = { message: '', at: 0 };
  for (;;) {
    const result = await attempt(uri, observe);
    if ('database' in result) return result.database;
    const { message, mayPass } = result.fault;
    const left = deadline - Date.now();
    if (!mayPass) throw new StartupError(message);
    if (left <= 0) {
      const waited = waitMs > 0 ? ` Given up after ${Math.round(waitMs / 1000)} s (DATABASE_WAIT_SECONDS).` : '';
      throw new StartupError(message + waited);
    }
    if (message !== said.message || Date.now() - said.at >= REPEAT_MS) {
      onWaiting?.(message, left);
      said = { message, at: Date.now() };
    }
    await sleep(Math.min(RETRY_MS, left), undefined, signal ? { signal } : {}).catch(() => undefined);
    if (signal?.aborted) throw new StartupError(`Stopped while it waited for the database. ${message}`);
  }
}
