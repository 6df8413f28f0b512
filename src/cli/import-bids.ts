import { loadConfig } from '../config';
import { StartupError } from '../errors';
import { importBids } from '../import/bids';
import { readSplits } from '../import/splits';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { createStores } from '../stores';

export interface ImportBidsFlags {
  challenge1Splits?: string;
  challenge2Splits?: string;
  splitSeed?: string;
}

/** `import-bids FILE...`: prints what was done, and each row that was left out; exits with 1 where there was one. */
export async function importBidsCommand(files: string[], flags: ImportBidsFlags): Promise<void> {
  const seed = Number(flags.splitSeed ?? '0');
  if (!Number.isSafeInteger(seed)) throw new StartupError('--split-seed takes a whole number.');
  const [first, second] = [flags.challenge1Splits, flags.challenge2Splits];
  const splits = {
    ...(first === undefined ? {} : { challenge1: await readSplits(first, seed) }),
    ...(second === undefined ? {} : { challenge2: await readSplits(second, seed) }),
  };
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const opened = await openConfiguredDatabase(config, log, { whenInUse: 'join' });
  try {
    const report = await importBids(files, createStores(opened.database, log, config).subjects, splits);
    for (const { file, line, column, message } of report.problems) {
      process.stderr.write(`${file}:${line}: ${column === undefined ? '' : `${column}: `}${message}\n`);
    }
    for (const note of report.notes) process.stderr.write(`${note}\n`);
    for (const conflict of report.conflicts) process.stderr.write(`${conflict}\n`);
    process.stdout.write(
      `${report.subjects} subjects read from ${report.files} ${report.files === 1 ? 'table' : 'tables'} ` +
        `into the database (${opened.description}):\n` +
        `  created    ${report.created}\n  updated    ${report.updated}\n  unchanged  ${report.unchanged}\n` +
        `  refused    ${report.problems.length}${report.problems.length > 0 ? ' (each with its reason above)' : ''}\n`,
    );
    if (report.columns.length > 0) {
      const lines = report.columns.map(({ name, target, description }) => `  ${name} → ${target}: ${description}`);
      process.stdout.write(`Columns that are described:\n${lines.join('\n')}\n`);
    }
    if (report.problems.length > 0) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}
