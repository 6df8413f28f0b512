import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { newDatabaseUri } from './database';
import { temporaryFolder } from './embedded';

/** Where processes of a test keep their data. */
export interface ProcessStore {
  /** A temporary folder: their working directory. */
  folder: string;
  /** Another one, empty. */
  dataDir: string;
  /** The variables that name the database. */
  env: NodeJS.Dict<string>;
  /** Whether it is the embedded database in `dataDir`. */
  embedded: boolean;
  remove: () => Promise<void>;
}

/** An embedded database of their own, also where the suite runs against a MongoDB. */
export function newEmbeddedStore(): ProcessStore {
  const work = temporaryFolder();
  // Not below the other: a path that is too long for a socket would have it elsewhere.
  const data = temporaryFolder();
  return {
    folder: work.folder,
    dataDir: data.folder,
    env: { DATA_DIR: data.folder },
    embedded: true,
    remove: async () => {
      work.remove();
      data.remove();
    },
  };
}

/** A database of their own under a connection string, which counts as MongoDB to them. */
export function newMongoStore(): ProcessStore {
  const uri = newDatabaseUri();
  const store = newEmbeddedStore();
  return {
    ...store,
    env: { MONGODB_URI: uri },
    embedded: false,
    remove: async () => {
      const client = await MongoClient.connect(uri);
      await client.db().dropDatabase();
      await client.close();
      await store.remove();
    },
  };
}

/** What the suite runs against: a database under MONGODB_URI where it is set, else an embedded one of their own. */
export function newStore(): ProcessStore {
  return process.env.MONGODB_URI ? newMongoStore() : newEmbeddedStore();
}

/** The process of the embedded database that serves a data directory, as it says itself; undefined where none does. */
export async function embeddedPid(dataDir: string): Promise<number | undefined> {
  for (const name of readdirSync(dataDir).filter((file) => /^lock-.*\.sock$/.test(file))) {
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(path.join(dataDir, name));
      socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
      socket.on('end', () => resolve(received));
      socket.on('error', () => resolve(''));
    });
    if (text) return (JSON.parse(text) as { pid: number }).pid;
  }
  return undefined;
}

/** Whether a process runs; one that has died and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
