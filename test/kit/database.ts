import { randomBytes } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { type CommandStartedEvent, type Document } from 'mongodb';
import { HEARTBEATS } from '../../src/stores/heartbeats';
import { openDatabase, type Database } from '../../src/stores/database';

/**
 * The connection string of the run's shared database, for a new database of its own on it. The driver of a test tells of
 * its commands, which it doesn't elsewhere (src/stores/command-monitor.ts).
 */
export function newDatabaseUri(): string {
  const base = process.env.EPOCHGRAPH_TEST_URI;
  if (!base) throw new Error('The global set-up did not run.');
  const name = `epochgraph_test_${randomBytes(6).toString('hex')}`;
  const [, hosts, options = ''] = /^([^/]*\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(base)!;
  return `${hosts}/${name}${options}${options ? '&' : '?'}monitorCommands=true`;
}

/** The connection string of a database that exists already. */
export function uriOf(database: Database): string {
  return newDatabaseUri().replace(/epochgraph_test_[0-9a-f]+/, database.db.databaseName);
}

/** An open database that `drop` removes. */
export interface TestDatabase {
  uri: string;
  database: Database;
  drop: () => Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const uri = newDatabaseUri();
  const database = await openDatabase(uri);
  return {
    uri,
    database,
    drop: async () => {
      await database.db.dropDatabase();
      await database.close();
    },
  };
}

/** Commands that are not part of an operation: the driver's own. */
const HOUSEKEEPING = new Set(['hello', 'ismaster', 'ping', 'endSessions', 'killCursors']);

/** The commands that `work` sends to the database, by name and target; those of the change feed and its heartbeat are left out. */
export async function commandsOf(
  client: MongoClient,
  work: () => Promise<unknown>,
): Promise<{ name: string; target: string; command: Document }[]> {
  const commands: { name: string; target: string; command: Document }[] = [];
  const feedCursors = new Set<string>();
  const listen = ({ commandName, command }: CommandStartedEvent): void => {
    if (HOUSEKEEPING.has(commandName)) return;
    const isFeed =
      commandName === 'getMore'
        ? command.collection === '$cmd.aggregate'
        : commandName === 'aggregate' && command.aggregate === 1;
    if (isFeed) {
      feedCursors.add(String(command.getMore));
      return;
    }
    if (commandName !== 'getMore' && command[commandName] === HEARTBEATS) return;
    commands.push({ name: commandName, target: String(command[commandName]), command });
  };
  client.on('commandStarted', listen);
  try {
    await work();
  } finally {
    client.off('commandStarted', listen);
  }
  return commands;
}
