/**
 * Takes the screenshots of docs/dashboard.md anew, from the same made-up laboratory each time:
 *
 *     npm run web:screenshots
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../src/config';
import { start } from '../../src/embedded/start';
import { createLog } from '../../src/log';
import { createServer } from '../../src/server';
import { query } from '../kit/server';
import { openBrowser, openPage, type Look } from './browser';
import { seedLaboratory } from './laboratory';

async function main(): Promise<void> {
  const folder = path.resolve(__dirname, '../../../docs/screenshots');
  mkdirSync(folder, { recursive: true });
  const dataDir = mkdtempSync(path.join(tmpdir(), 'epochgraph-screenshots-'));
  const embedded = await start({ dataDir, noSync: true });
  const server = await createServer(parseConfig({ PORT: '0', MONGODB_URI: embedded.uri }), createLog('warn'));
  const browser = await openBrowser();
  try {
    const {
      main: run,
      runs,
      running,
    } = await seedLaboratory(async (document, variables) => {
      const { data, errors } = await query(server.url, document, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data as never;
    });
    const shots: [name: string, path: string, shows: string, look: Look][] = [
      ['experiments', '/', 'Running', {}],
      [
        'experiments-dark',
        '/?sort=best_val_loss&cols=status,curve,best_val_loss,epochs,model,config.optimizer,config.learning_rate,tags',
        'optimizer',
        { dark: true },
      ],
      ['experiments-narrow', '/', 'Running', { width: 390 }],
      ['run', `/experiments/${run}`, 'Lineage', {}],
      ['run-dark', `/experiments/${running.at(-1)!}?smooth=0.7`, 'An epoch takes', { dark: true }],
      ['run-narrow', `/experiments/${run}`, 'Lineage', { width: 390 }],
      ['compare', `/compare?ids=${runs.slice(-9, -3).join(',')}`, 'Configuration', {}],
      ['leaderboard', '/leaderboard?challenge=1', 'best', {}],
      ['subjects', '/subjects?age=6-11', 'of 400', {}],
    ];
    for (const [name, address, shows, look] of shots) {
      const { page, close } = await openPage(browser, new URL(server.url).origin + address, look);
      await page.getByText(shows).first().waitFor();
      // Small curves come once the rows have been in view for a moment.
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
      await close();
    }
  } finally {
    await browser.close();
    await server.close();
    await embedded.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
