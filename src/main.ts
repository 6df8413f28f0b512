import { Command } from 'commander';
import { loadConfig } from './config';
import { StartupError } from './errors';
import { createLog } from './log';
import { createServer, VERSION } from './server';

/** `serve`: runs until SIGINT or SIGTERM, then closes in order; a second signal ends the process at once. */
async function serve(): Promise<void> {
  const config = loadConfig();
  const server = await createServer(config, createLog(config.logLevel));
  process.stdout.write(`Epochgraph ${VERSION} listens on ${server.url} (database: ${server.database})\n`);
  await new Promise<void>((resolve) => {
    let closing = false;
    const stop = () => {
      if (closing) process.exit(1);
      closing = true;
      void server.close().then(resolve);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

/** Runs the command line; the exit code says whether it worked. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('epochgraph').description('The memory of a laboratory’s training runs.').version(VERSION);
  program.command('serve', { isDefault: true }).description('Serve the GraphQL API.').action(serve);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
