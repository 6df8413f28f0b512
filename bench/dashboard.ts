/**
 * What the dashboard costs the person before it, in the browser that the tests use, on an embedded database on disk:
 *
 * - list: from opening `/` to the first rows painted, with 100 and with 10,000 runs stored, interleaved;
 * - pan: the time between frames while a chart of 50 curves of 1,000 points is panned, and while nothing moves;
 * - live: the page's memory after each stretch of a run that logs 10 epochs a second.
 *
 *     npm run bench -- dashboard [list|pan|live] [seconds of live]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, ObjectId, type Document } from 'mongodb';
import type { Browser, Page } from 'playwright-core';
import { parseConfig } from '../src/config';
import { createLog } from '../src/log';
import { createServer, type EpochgraphServer } from '../src/server';
import { start } from '../src/embedded/start';
import { openBrowser } from '../test/web/browser';

const ROUNDS = 7;
const CURVES = { runs: 10, metrics: 5, points: 1_000 };

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

const round = (value: number): number => Math.round(value * 10) / 10;

interface Site {
  server: EpochgraphServer;
  origin: string;
  insert: (collection: string, documents: Document[]) => Promise<void>;
  post: (query: string, variables: object) => Promise<void>;
  close: () => Promise<void>;
}

async function openSite(): Promise<Site> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const embedded = await start({ dataDir });
  const server = await createServer(parseConfig({ PORT: '0', MONGODB_URI: embedded.uri }), createLog('warn'));
  const client = await MongoClient.connect(embedded.uri);
  return {
    server,
    origin: new URL(server.url).origin,
    insert: async (collection, documents) => {
      for (let from = 0; from < documents.length; from += 1_000) {
        await client
          .db('eeg2025')
          .collection(collection)
          .insertMany(documents.slice(from, from + 1_000));
      }
    },
    post: async (query, variables) => {
      const headers = { 'content-type': 'application/json' };
      await fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    },
    close: async () => {
      await client.close();
      await server.close();
      await embedded.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function runOf(index: number, epochs: number): Document {
  return {
    _id: new ObjectId(),
    experiment_name: `eegnex_sweep_${String(index).padStart(5, '0')}`,
    challenge: (index % 2) + 1,
    status: index % 50 === 0 ? 'failed' : 'completed',
    model: { name: ['EEGNeX', 'Deep4Net', 'TCN'][index % 3], architecture: 'cnn', parameters: 65_400 },
    config: { batch_size: 32, max_epochs: 100, learning_rate: 0.001, optimizer: 'AdamW', scheduler: { gamma: 0.9 } },
    dataset: { releases: ['R1', 'R2'], train_windows: 184_320, val_windows: 23_040 },
    metrics: { best_val_loss: 0.3 + (index % 997) / 1_000, best_epoch: 70, total_epochs: epochs, final_val_loss: 0.5 },
    start_time: new Date(Date.UTC(2025, 0, 1) + index * 600_000),
    end_time: new Date(Date.UTC(2025, 0, 1) + index * 600_000 + 3_600_000),
    created_by: 'aru',
    hostname: 'gpu-01',
    tags: ['sweep', index % 2 ? 'baseline' : 'augmented'],
  };
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  return context.newPage();
}

/** Milliseconds from the start of the navigation to the frame after the first rows are there. */
async function timeToRows(browser: Browser, origin: string): Promise<number> {
  const page = await newPage(browser);
  await page.addInitScript(`
    window.rowsPainted = new Promise((resolve) => {
      const look = () => document.querySelector('.run-table tbody a')
        ? requestAnimationFrame(() => resolve(performance.now()))
        : requestAnimationFrame(look);
      look();
    });
  `);
  await page.goto(origin);
  const time = await page.evaluate<number>('window.rowsPainted');
  await page.context().close();
  return time;
}

async function list(browser: Browser): Promise<void> {
  const sizes = [100, 10_000];
  const sites: Site[] = [];
  for (const size of sizes) {
    const site = await openSite();
    await site.insert(
      'experiments',
      Array.from({ length: size }, (_, index) => runOf(index, 0)),
    );
    sites.push(site);
  }
  const times: number[][] = sizes.map(() => []);
  for (let at = 0; at < ROUNDS; at++) {
    for (const [which, site] of sites.entries()) times[which]!.push(await timeToRows(browser, site.origin));
  }
  const medians = times.map((values) => quantile(values, 0.5));
  for (const [which, size] of sizes.entries()) {
    console.log(
      `list, ${size} runs: median ${round(medians[which]!)} ms, slowest ${round(Math.max(...times[which]!))} ms`,
    );
  }
  console.log(`list, ratio of the medians: ${(medians[1]! / medians[0]!).toFixed(2)}`);
  for (const site of sites) await site.close();
}

/** Milliseconds between the frames of a few seconds, while a script of the page moves something before each. */
function frames(page: Page, move: string): Promise<number[]> {
  return page.evaluate<number[]>(`new Promise((resolve) => {
    const times = [];
    let last;
    let count = 0;
    const step = (now) => {
      if (last !== undefined) times.push(now - last);
      last = now;
      if (times.length === 300) return resolve(times);
      count++;
      ${move}
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
}

async function pan(browser: Browser): Promise<void> {
  const site = await openSite();
  const runs = Array.from({ length: CURVES.runs }, (_, index) => runOf(index, CURVES.points));
  await site.insert('experiments', runs);
  const names = Array.from({ length: CURVES.metrics }, (_, index) => `metric_${index}`);
  for (const [index, run] of runs.entries()) {
    const epochs = Array.from({ length: CURVES.points }, (_, epoch) => ({
      experiment_id: run._id as ObjectId,
      epoch,
      metrics: Object.fromEntries(
        names.map((name, at) => [name, 1 / (1 + epoch / 200) + at / 10 + index / 50 + Math.random() / 30]),
      ),
      timestamp: new Date(),
    }));
    await site.insert('epochs', epochs);
  }
  const page = await newPage(browser);
  const ids = runs.map((run) => String(run._id)).join(',');
  await page.goto(`${site.origin}/compare?ids=${ids}&m=${names.join(',')}&zoom=100-700`);
  await page.locator('.main-chart canvas').waitFor();
  await page.waitForTimeout(1_500);
  const still = await frames(page, '');
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const scripting = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1_000;
  };
  const before = await scripting();
  const moving = await frames(
    page,
    `document.querySelector('.main-chart .u-over').dispatchEvent(new WheelEvent('wheel', {
      deltaX: count % 120 < 60 ? 12 : -12, bubbles: true, cancelable: true,
    }));`,
  );
  const work = (await scripting()) - before;
  for (const [name, times] of [['still', still] as const, ['panned', moving] as const]) {
    const late = times.filter((time) => time > 25).length;
    console.log(
      `pan, ${name}: median ${round(quantile(times, 0.5))} ms a frame, 95 % within ${round(quantile(times, 0.95))} ms, ` +
        `${late} of ${times.length} late`,
    );
  }
  console.log(`pan: ${round(work / moving.length)} ms of the main thread's work a frame; a frame at 60 Hz has 16.7 ms`);
  await site.close();
}

async function live(browser: Browser, seconds: number): Promise<void> {
  const site = await openSite();
  const id = new ObjectId().toHexString();
  await site.post('mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { outcome } }', {
    input: { id, name: 'live' },
  });
  const page = await newPage(browser);
  await page.goto(`${site.origin}/experiments/${id}`);
  await page.locator('.connection.live').waitFor();
  const session = await page.context().newCDPSession(page);
  const measure = async (epoch: number): Promise<void> => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const nodes = await page.evaluate<number>(`document.querySelectorAll('*').length`);
    const shown = await page.locator('.main-chart .readout .at').innerText();
    console.log(`live, epoch ${epoch}: heap ${(usedSize / 1e6).toFixed(2)} MB, ${nodes} elements, chart at ${shown}`);
  };
  const began = Date.now();
  for (let epoch = 0; epoch < seconds * 10; epoch++) {
    const values = { train_loss: 2 / (epoch + 2), val_loss: 1.2 / (epoch + 1), learning_rate: 0.001, val_r2: 0.2 };
    await site.post('mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome } }', {
      input: { experimentId: id, epoch, metrics: values },
    });
    await sleep(Math.max(0, began + (epoch + 1) * 100 - Date.now()));
    if ((epoch + 1) % 300 === 0) await measure(epoch);
  }
  await site.close();
}

async function main(): Promise<void> {
  const [which, seconds = '120'] = process.argv.slice(2);
  const browser = await openBrowser();
  if (!which || which === 'list') await list(browser);
  if (!which || which === 'pan') await pan(browser);
  if (!which || which === 'live') await live(browser, Number(seconds));
  await browser.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
