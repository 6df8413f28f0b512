import path from 'node:path';
import type { Config } from './config';
import { start as startEmbedded, type EmbeddedDatabase } from './embedded/start';
import { StartupError } from './errors';
import type { Log } from './log';
import { openDatabase, type Database, type OpenOptions } from './stores/database';

/** The database that a configuration names, open, with what closes it. */
export interface OpenedDatabase {
  database: Database;
  embedded: boolean;
  description: string;
  close(): Promise<void>;
}

export interface OpenConfiguredOptions extends Pick<OpenOptions, 'signal' | 'observe'> {
  /** What happens where another process serves the embedded database's folder. */
  whenInUse?: 'refuse' | 'join';
}

/**
 * Opens the database that the configuration names: MONGODB_URI, which is waited for, or the embedded one in DATA_DIR. Throws a StartupError with a sentence for each thing that can be
 * wrong.
 */
export async function openConfiguredDatabase(
  config: Config,
  log: Log,
  { whenInUse = 'refuse', signal, observe }: OpenConfiguredOptions = {},
): Promise<OpenedDatabase> {
  if (config.mongodbUri) {
    const database = await openDatabase(config.mongodbUri, {
      waitMs: config.databaseWaitSeconds * 1000,
      onWaiting: (why, leftMs) => log.warn(`${why} Waiting for it, ${Math.ceil(leftMs / 1000)} s yet.`),
      signal,
      observe,
    });
    return {
      database,
      embedded: false,
      description: `MongoDB ${database.version}, database ${database.db.databaseName}`,
      close: () => database.close(),
    };
  }
  let embedded: EmbeddedDatabase;
  try {
    embedded = await startEmbedded({
      dataDir: config.dataDir,
      whenInUse,
      ...(config.embeddedPort === undefined ? {} : { port: config.embeddedPort }),
      onEvent: ({ level, message, fields }) => log[level](fields ?? {}, message),
    });
  } catch (error) {
    // Whatever keeps the embedded database from starting comes as a sentence for the person who started it.
    throw new StartupError((error as Error).message);
  }
  try {
    const database = await openDatabase(embedded.uri, { observe });
    const shown = path.relative(process.cwd(), config.dataDir);
    return {
      database,
      embedded: true,
      description: `embedded, in ${shown.startsWith('..') || shown === '' ? config.dataDir : `./${shown}`}`,
      close: async () => {
        await database.close();
        await embedded.close();
      },
    };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}
