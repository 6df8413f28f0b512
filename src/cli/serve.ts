import { loadConfig } from '../config';
import { createLog } from '../log';
import { createServer, VERSION } from '../server';

/** `serve`: runs until SIGINT or SIGTERM, then closes in order; a second signal ends the process at once. */
export async function serveCommand(): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const starting = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    let closing = false;
    const stop = () => {
      if (closing) process.exit(1);
      closing = true;
      starting.abort();
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'The server failed, and ends');
    process.exit(1);
  });
  const server = await createServer(config, log, { signal: starting.signal });
  const parts = [`database: ${server.database}`, ...(server.dashboard ? [`dashboard: ${server.dashboard}`] : [])];
  process.stdout.write(`Epochgraph ${VERSION} listens on ${server.url} (${parts.join('; ')})\n`);
  await stopped;
  await server.close();
  // Where the database is away, the driver would wait for it.
  process.exit();
}
