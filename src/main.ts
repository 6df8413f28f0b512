import { Command, Option } from 'commander';
import { demoCommand } from './cli/demo';
import { exportCommand } from './cli/export';
import { importCommand } from './cli/import';
import { importBidsCommand } from './cli/import-bids';
import { migrateSqliteCommand } from './cli/migrate-sqlite';
import { serveCommand } from './cli/serve';
import { createTokenCommand, listTokensCommand, revokeTokenCommand } from './cli/token';
import { watchCommand } from './cli/watch';
import { StartupError } from './errors';
import { redacted } from './log';
import { VERSION } from './server';
import { WatchError } from './watch';
import { Role } from '../types/enums/Role';

/** Runs the command line; the exit code says whether it worked. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('epochgraph')
    .description('The memory of a laboratory’s training runs. Configured by the environment or .env; see .env.example.')
    .version(VERSION);
  program.command('serve', { isDefault: true }).description('serve the GraphQL API').action(serveCommand);
  program
    .command('import-bids')
    .description('import BIDS participants.tsv tables as subjects, beside a running server or without one')
    .argument('<file...>', 'participants.tsv tables, of one or several releases')
    .option('--challenge1-splits <splits>', 'ratios of train, val and test such as 0.8:0.1:0.1, or a table of them')
    .option('--challenge2-splits <splits>', 'the same for challenge 2')
    .option('--split-seed <number>', 'of ratios; with one seed a subject is in the same split always (default: 0)')
    .action(importBidsCommand);
  program
    .command('migrate-sqlite')
    .description("bring the runs, epochs, checkpoints, subjects and cache files of a legacy tracker's SQLite database")
    .argument('<file>', 'the database, such as metadata.db; it is only read')
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--time-zone <zone>', 'of times without one: Europe/Paris, UTC, +02:00 (default: that of this machine)')
    .option('--created-by <name>', 'who made these runs')
    .option('--keep-running', 'leave runs RUNNING that the file says are; else they become STOPPED or COMPLETED')
    .option('--report <file>', 'where to list repaired and refused rows (default: FILE.migration.ndjson, here)')
    .action(migrateSqliteCommand);
  program
    .command('export')
    .description('write all documents into a folder, from which import brings them back without loss')
    .argument('<folder>', 'an empty folder; made if it is not there')
    .addOption(
      new Option('--format <format>', 'ndjson: extended JSON, a line a document; csv: the epochs as a table')
        .choices(['ndjson', 'csv'])
        .default('ndjson'),
    )
    .option('--experiments <filter>', "only these, by an ExperimentFilter of the API: '{challenge: {eq: 2}}'")
    .action(exportCommand);
  program
    .command('import')
    .description('store what export has written, beside what is stored')
    .argument('<folder>', 'the folder of an export')
    .option('--unverified', "take a folder without a manifest, such as one of mongoexport's")
    .action(importCommand);
  program
    .command('demo')
    .description('make an invented laboratory, marked as such, to look round in')
    .option('--remove', 'take it away again, and nothing else')
    .action(demoCommand);
  const token = program
    .command('token')
    .description('make, list and revoke the tokens that let clients in, beside a running server or without one');
  token
    .command('create')
    .description('make a token; prints its secret, which can not be shown again')
    .argument('<name>', 'who or what will use it')
    .addOption(
      new Option('--role <role>', 'READER: queries; TRAINER: also writes; ADMIN: also deletions and tokens')
        .choices(Object.values(Role))
        .makeOptionMandatory(),
    )
    .option('--expires <when>', 'after so many days, such as 90, or at a time such as 2027-01-31T00:00:00Z')
    .action(createTokenCommand);
  token.command('list').description('list the tokens, without their secrets').action(listTokensCommand);
  token
    .command('revoke')
    .description('remove a token; connections that it let in are closed')
    .argument('<id>', "the token's id, as list shows it")
    .action(revokeTokenCommand);
  program
    .command('watch')
    .description("draw an experiment's losses as they arrive; the newest running one if none is named")
    .argument('[experiment]', "the experiment's id")
    .option('--url <url>', "the API's address", 'http://127.0.0.1:4000/graphql')
    .addOption(new Option('--token <token>', 'where the server asks for one').env('EPOCHGRAPH_TOKEN'))
    .action(watchCommand);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof StartupError) && !(error instanceof WatchError)) throw error;
    process.stderr.write(`${redacted(error.message)}\n`);
    process.exitCode = 1;
  }
}
