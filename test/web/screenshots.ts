/**
 * Takes the screenshots of docs/dashboard.md anew, from the laboratory of `epochgraph demo`:
 *
 *     npm run web:screenshots
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../src/config';
import { start } from '../../src/embedded/start';
import { makeDemo } from '../../src/demo/demo';
import { createLog } from '../../src/log';
import { createServer } from '../../src/server';
import { query } from '../kit/server';
import { openBrowser, openPage, type Look } from './browser';

interface Demo {
  id: string;
  status: string;
  challenge: number;
  metrics: { totalEpochs: number };
  children: { totalCount: number };
}

const DEMO = `{
  experiments(first: 100) {
    nodes { id status challenge metrics { totalEpochs } children { totalCount } }
  }
}`;

async function main(): Promise<void> {
  const folder = path.resolve(__dirname, '../../../docs/screenshots');
  mkdirSync(folder, { recursive: true });
  const dataDir = mkdtempSync(path.join(tmpdir(), 'epochgraph-screenshots-'));
  const embedded = await start({ dataDir, noSync: true });
  const server = await createServer(parseConfig({ PORT: '0', MONGODB_URI: embedded.uri }), createLog('warn'));
  const browser = await openBrowser();
  try {
    await makeDemo(server.stores, () => undefined);
    const { data } = await query<{ experiments: { nodes: Demo[] } }>(server.url, DEMO);
    const demo = data.experiments.nodes;
    const run = demo.find(({ metrics, children }) => metrics.totalEpochs >= 40 && children.totalCount > 0)!;
    const running = demo.find(({ status }) => status === 'RUNNING')!;
    const compared = demo.filter(({ challenge, metrics }) => challenge === 1 && metrics.totalEpochs >= 40).slice(0, 6);
    const shots: [name: string, path: string, shows: string, look: Look][] = [
      ['experiments', '/', 'Completed', {}],
      [
        'experiments-dark',
        '/?sort=best_val_loss&cols=status,curve,best_val_loss,epochs,model,config.optimizer,config.learning_rate,tags',
        'optimizer',
        { dark: true },
      ],
      ['experiments-narrow', '/', 'Completed', { width: 390 }],
      ['run', `/experiments/${run.id}`, 'Lineage', {}],
      ['run-dark', `/experiments/${running.id}?smooth=0.7`, 'An epoch takes', { dark: true }],
      ['run-narrow', `/experiments/${run.id}`, 'Lineage', { width: 390 }],
      ['compare', `/compare?ids=${compared.map(({ id }) => id).join(',')}`, 'Configuration', {}],
      ['leaderboard', '/leaderboard?challenge=1', 'best', {}],
      ['subjects', '/subjects?age=6-11', 'of 240', {}],
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
