import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { start, type EmbeddedDatabase, type EmbeddedOptions } from '../../src/embedded/start';

/** An embedded database of a test's own, with a client on it; both gone after close(). */
export interface Served {
  database: EmbeddedDatabase;
  client: MongoClient;
  close(): Promise<void>;
}

/** A directory for one test's data. */
export function dataDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'embedded-'));
}

/** Starts a database for a test; without fsync unless it is asked for. */
export async function serve(options: Partial<EmbeddedOptions> = {}, client: MongoClientOptions = {}): Promise<Served> {
  const dataDir = options.dataDir ?? dataDirectory();
  const database = await start({ noSync: true, failPoints: true, ...options, dataDir });
  const connected = await new MongoClient(database.uri, { serverSelectionTimeoutMS: 10_000, ...client }).connect();
  return {
    database,
    client: connected,
    close: async () => {
      await connected.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The recorded answers of a real mongod, or undefined where that folder is not there. */
export function recording(name: string): string | undefined {
  const folder = process.env.EPOCHGRAPH_BEHAVIOUR ?? resolve(__dirname, '../../../shared/data/mongodb-behaviour');
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Waits until `condition` holds; throws after `ms`. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain for: ${condition.toString()}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** The build's start(), for processes that run without jest. */
export const BUILT_START = join(
  process.env.EPOCHGRAPH_BUILT ?? resolve(__dirname, '../../dist'),
  'src/embedded/start.js',
);
