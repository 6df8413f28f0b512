import { loadConfig } from '../config';
import { createLog } from '../log';
import { createServer, VERSION } from '../server';

/** `serve`: runs until SIGINT or SIGTERM, then closes in order; a second signal ends the process at once. */
export async function serveCommand(): Promise<void> {
  const config = loadConfig();
  const stopped = new Promise<void>((resolve) => {
    let closing = false;
    const stop = () => {
      if (closing) process.exit(1);
      closing = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  const server = await createServer(config, createLog(config.logLevel));
  process.stdout.write(`Epochgraph ${VERSION} listens on ${server.url} (database: ${server.database})\n`);
  await stopped;
  await server.close();
}
