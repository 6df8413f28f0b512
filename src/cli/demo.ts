import { loadConfig } from '../config';
import { DEMO_SIZE, makeDemo, removeDemo } from '../demo/demo';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { createStores } from '../stores';
import { inSentences } from './database-errors';
import { ProgressLine } from './progress-line';

/** `demo`: makes an invented laboratory, or with `--remove` takes it away. */
export async function demoCommand({ remove = false }: { remove?: boolean }): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const opened = await openConfiguredDatabase(config, log, { whenInUse: 'join' });
  try {
    const stores = createStores(opened.database, log, config);
    const advice = 'Run the same command again to continue.';
    if (remove) {
      const removed = await inSentences(() => removeDemo(stores), advice);
      process.stdout.write(`Removed from the database (${opened.description}): ${inWords(removed)}\n`);
      return;
    }
    const line = new ProgressLine('making', DEMO_SIZE);
    const made = await inSentences(() => makeDemo(stores, line.add), advice).finally(() => line.end());
    process.stdout.write(
      `A demo laboratory is in the database (${opened.description}): ${inWords(made)}\n` +
        `${made.created === 0 ? 'It was there already. ' : ''}` +
        'Its experiments are tagged demo, its subjects are called sub-DEMO…; epochgraph demo --remove takes it away.\n',
    );
  } finally {
    await opened.close();
  }
}

function inWords(counts: { experiments: number; epochs: number; checkpoints: number; subjects: number }): string {
  const { experiments, epochs, checkpoints, subjects } = counts;
  return `${experiments} experiments, ${epochs} epochs, ${checkpoints} checkpoints, ${subjects} subjects`;
}
