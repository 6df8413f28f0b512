import { MongoClient, type Db, type Document, type Timestamp } from 'mongodb';
import { StartupError } from '../errors';
import { wakeDeadConnections } from './dead-connections';
import { readLimit } from './time-limits';
import { collectionsOf, ensureIndexes, type Collections } from './collections';

export const DEFAULT_DATABASE = 'eeg2025';

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

const OLDEST = [4, 4];

/** Why this deployment can't serve; undefined where it can. Change streams and transactions need an oplog. */
function faultOfDeployment(hello: Document, versionArray: number[]): string | undefined {
  if (!hello.setName && hello.msg !== 'isdbgrid') {
    return (
      'The MongoDB at MONGODB_URI is a standalone, which has no transactions or change streams. Make it a replica set ' +
      'of one: start mongod with --replSet rs0, run rs.initiate() once in mongosh, and put ?replicaSet=rs0 in the URI.'
    );
  }
  const [major = 0, minor = 0] = versionArray;
  if (major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!)) {
    return `The MongoDB at MONGODB_URI is ${versionArray.join('.')}; Epochgraph needs 4.4, and supports 6.0 and later.`;
  }
  return undefined;
}

/**
 * Connects, checks that the deployment can serve, and makes the indexes. The database is the one that the URI names,
 * else `eeg2025`. Writes are majority-written and journaled before they are acknowledged. Throws a StartupError, without
 * the URI's credentials, where the database doesn't answer or can't serve.
 */
export async function openDatabase(uri: string): Promise<Database> {
  let client: MongoClient;
  try {
    client = new MongoClient(uri, {
      ...(/[?&]appName=/i.test(uri) ? {} : { appName: 'epochgraph' }),
      writeConcern: { w: 'majority', journal: true },
      retryWrites: true,
      retryReads: true,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: 5_000,
      waitQueueTimeoutMS: 5_000,
      monitorCommands: true,
    });
  } catch (error) {
    throw new StartupError(`MONGODB_URI can't be used: ${(error as Error).message}`);
  }
  try {
    const db = client.db(/^[^/]*\/\/[^/]+\/[^?]/.test(uri) ? undefined : DEFAULT_DATABASE);
    const admin = db.admin();
    await client.connect().catch((error: Error) => {
      throw new StartupError(`The database does not answer: ${error.message}`);
    });
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
  } catch (error) {
    await client.close();
    throw error;
  }
}
