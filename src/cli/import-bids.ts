import { loadConfig } from '../config';
import { importBids } from '../import/bids';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { createStores } from '../stores';

/** `import-bids FILE...`: prints what was done, and each row that was left out; exits with 1 where there was one. */
export async function importBidsCommand(files: string[]): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const opened = await openConfiguredDatabase(config, log, 'join');
  try {
    const report = await importBids(files, createStores(opened.database, log, config).subjects);
    for (const { file, line, column, message } of report.problems) {
      process.stderr.write(`${file}:${line}: ${column === undefined ? '' : `${column}: `}${message}\n`);
    }
    for (const conflict of report.conflicts) process.stderr.write(`${conflict}\n`);
    process.stdout.write(
      `${report.subjects} subjects read from ${report.files} ${report.files === 1 ? 'table' : 'tables'} ` +
        `into the database (${opened.description}):\n` +
        `  created    ${report.created}\n  updated    ${report.updated}\n  unchanged  ${report.unchanged}\n` +
        `  refused    ${report.problems.length}${report.problems.length > 0 ? ' (each with its reason above)' : ''}\n`,
    );
    if (report.problems.length > 0) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}
