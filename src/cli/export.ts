import { loadConfig } from '../config';
import { exportTo, type ExportFormat } from '../export/export';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { VERSION } from '../server';
import { createStores } from '../stores';
import { COLLECTION_NAMES } from '../stores/collections';
import { RawDocuments } from '../stores/raw-documents';
import { columns } from './columns';
import { inSentences } from './database-errors';
import { readExperimentFilter } from './experiment-filter';
import { ProgressLine } from './progress-line';

/** `export DIR`: writes everything, or some experiments with what belongs to them, and prints the counts. */
export async function exportCommand(
  folder: string,
  { format, experiments }: { format: ExportFormat; experiments?: string },
): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const opened = await openConfiguredDatabase(config, log, { whenInUse: 'join' });
  try {
    const { liveness } = createStores(opened.database, log, config);
    const filter = experiments === undefined ? null : readExperimentFilter(experiments, liveness.at());
    const documents = new RawDocuments(opened.database);
    const counts = await Promise.all(COLLECTION_NAMES.map((name) => documents.count(name)));
    const line = new ProgressLine(
      'exporting',
      counts.reduce((sum, count) => sum + count, 0),
    );
    const manifest = await inSentences(
      () =>
        exportTo(documents, {
          folder,
          format,
          filter,
          filterText: experiments ?? null,
          createdBy: `epochgraph ${VERSION}`,
          onRows: line.add,
        }),
      'Run the same command again.',
    ).finally(() => line.end());
    process.stdout.write(
      `Exported from the database (${opened.description}) to ${folder}:\n` +
        `${columns(manifest.files.map(({ name, documents: count }) => [name, count])).join('\n')}\n`,
    );
  } finally {
    await opened.close();
  }
}
