import { loadConfig } from '../config';
import { importFrom, openExport, type ImportProblem } from '../export/import';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { RawDocuments } from '../stores/raw-documents';
import { columns } from './columns';
import { inSentences } from './database-errors';
import { ProgressLine } from './progress-line';

const FATES = ['created', 'unchanged', 'kept', 'refused'] as const;

/** `import DIR`: stores an export and prints the counts; exits with 1 where a document was not stored. */
export async function importCommand(folder: string, { unverified = false }: { unverified?: boolean }): Promise<void> {
  const config = loadConfig();
  // A folder that is no export is told of before a database is made.
  const files = await openExport(folder, unverified);
  const opened = await openConfiguredDatabase(config, createLog(config.logLevel), { whenInUse: 'join' });
  const line = new ProgressLine(
    'importing',
    files.reduce((sum, { documents = 0 }) => sum + documents, 0),
  );
  const onProblem = ({ file, line: number, message }: ImportProblem) => {
    line.end();
    process.stderr.write(`${file}:${number}: ${message}\n`);
  };
  try {
    const counts = await inSentences(
      () => importFrom(new RawDocuments(opened.database), { folder, files, onRows: line.add, onProblem }),
      'Run the same command again to continue.',
    ).finally(() => line.end());
    const rows = [...counts].map(([name, of]) => [name, of.read, ...FATES.map((fate) => of[fate])]);
    process.stdout.write(
      `Imported from ${folder} into the database (${opened.description}):\n` +
        `${columns([['', 'read', ...FATES], ...rows]).join('\n')}\n`,
    );
    if ([...counts.values()].some(({ kept, refused }) => kept + refused > 0)) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}
