import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { start } from '../../src/embedded/start';
import { openDatabase, type Database } from '../../src/stores/database';

/** A database that a benchmark has to itself. */
export interface BenchDatabase {
  kind: 'embedded' | 'mongodb';
  version: string;
  /** Its process, where that is on this machine and is known. */
  pid: number | undefined;
  /** Its data, where it is the embedded one. */
  dataDir: string | undefined;
  /** Connection string of a database on it; those of different names have nothing in common. */
  uri: (name: string) => string;
  close: () => Promise<void>;
}

const PREFIX = 'epochgraph_bench';

/** The same deployment, another database. */
function withDatabase(uri: string, name: string): string {
  const [, hosts, options = ''] = /^([^/]*\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(uri)!;
  return `${hosts}/${name}${options}`;
}

/**
 * The deployment at MONGODB_URI, on which databases named epochgraph_bench_… are made and dropped at the end; without it
 * an embedded database in a temporary folder, which syncs each commit as always. `prepare` fills databases of it before,
 * without waiting for the disk.
 */
export async function startBenchDatabase(
  prepare?: (open: (name: string) => Promise<Database>) => Promise<void>,
): Promise<BenchDatabase> {
  const given = process.env.MONGODB_URI;
  if (given) return onDeployment(given, prepare);
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const dataDir = path.join(folder, 'data');
  try {
    if (prepare) {
      const filled = await start({ dataDir, noSync: true });
      try {
        await prepareWith((name) => withDatabase(filled.uri, name), prepare);
      } finally {
        await filled.close();
      }
    }
    const embedded = await start({ dataDir });
    const uri = (name: string): string => withDatabase(embedded.uri, name);
    const database = await openDatabase(uri(PREFIX));
    const { pid } = await database.db.admin().command({ serverStatus: 1 });
    await database.close();
    return {
      kind: 'embedded',
      version: database.version,
      pid: Number(pid),
      dataDir,
      uri,
      close: async () => {
        await embedded.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function prepareWith(
  uri: (name: string) => string,
  prepare: (open: (name: string) => Promise<Database>) => Promise<void>,
): Promise<void> {
  const opened: Database[] = [];
  try {
    await prepare(async (name) => {
      const database = await openDatabase(uri(name));
      opened.push(database);
      return database;
    });
  } finally {
    for (const database of opened) await database.close();
  }
}

async function onDeployment(
  given: string,
  prepare: ((open: (name: string) => Promise<Database>) => Promise<void>) | undefined,
): Promise<BenchDatabase> {
  const run = `${PREFIX}_${randomBytes(4).toString('hex')}`;
  const names = new Set<string>([run]);
  const uri = (name: string): string => {
    names.add(`${run}_${name}`);
    return withDatabase(given, `${run}_${name}`);
  };
  const database = await openDatabase(withDatabase(given, run));
  const close = async (): Promise<void> => {
    for (const name of names) await database.client.db(name).dropDatabase();
    await database.close();
  };
  try {
    if (prepare) await prepareWith(uri, prepare);
    return { kind: 'mongodb', version: database.version, pid: undefined, dataDir: undefined, uri, close };
  } catch (error) {
    await close();
    throw error;
  }
}
