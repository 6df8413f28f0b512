/**
 * migrate-sqlite of so many epochs (a million unless told otherwise) into an embedded database of its own, as a process:
 * rows a second from its start to its end and of the storing alone, beside plain inserts of as many documents of the
 * same shape in the same run, and the memory of its two processes.
 *
 *     npm run bench -- migrate [epochs]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Database } from 'node-sqlite3-wasm';
import { Double, ObjectId } from 'mongodb';
import { start } from '../src/embedded/start';
import { openDatabase } from '../src/stores/database';

const EPOCHS_OF_ONE = 200;
const BATCH = 2000;
const AT_A_TIME = 3;
const SAMPLE_MS = 100;

/** A tracker's database with runs of `EPOCHS_OF_ONE` epochs each. */
function writeLegacy(file: string, epochs: number): void {
  const database = new Database(file);
  const series = (name: string, count: number) =>
    `${name}(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${count - 1})`;
  const runs = epochs / EPOCHS_OF_ONE;
  database.exec(`
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE training_runs (run_id INTEGER PRIMARY KEY, challenge, model_name, start_time, end_time, status, config);
    CREATE TABLE epoch_history (id INTEGER PRIMARY KEY, run_id, epoch, train_loss, val_loss, learning_rate,
      duration_seconds, timestamp);
    WITH RECURSIVE ${series('r', runs)}
    INSERT INTO training_runs SELECT n + 1, 1 + n % 2, 'EEGNeX', datetime('2020-01-01', n || ' hours'), NULL, 'completed',
      '{"batch_size": 16}' FROM r;
    WITH RECURSIVE ${series('r', runs)}, ${series('e', EPOCHS_OF_ONE)}
    INSERT INTO epoch_history SELECT NULL, r.n + 1, e.n, 1.0 / (e.n + 1), abs(random() % 1000) / 999.0, 0.001, 12.5,
      strftime('%Y-%m-%d %H:%M:%f', '2020-01-01', r.n || ' hours', e.n || ' seconds') || '456' FROM r CROSS JOIN e;
  `);
  database.close();
}

/** Own memory of a process in megabytes: what it shares with the page cache (the mapped data file) is left out. */
function ownMemory(pid: number): number {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

interface Measured {
  seconds: number;
  storing: number;
  memory: number;
}

async function migrate(folder: string, file: string): Promise<Measured> {
  const began = performance.now();
  const child = spawn(process.execPath, [path.resolve('bin/epochgraph.js'), 'migrate-sqlite', file], {
    cwd: folder,
    env: { ...process.env, DATA_DIR: path.join(folder, 'migrated'), MONGODB_URI: '', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let planned = 0;
  let memory = 0;
  child.stdout.on('data', (text: Buffer) => {
    if (text.toString().includes('Plan:')) planned = performance.now();
  });
  const timer = setInterval(() => {
    const own = [child.pid!, ...childrenOf(child.pid!)].map(ownMemory).reduce((sum, each) => sum + each, 0);
    memory = Math.max(memory, own);
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`migrate-sqlite ended with ${String(code)}.`);
  const ended = performance.now();
  return { seconds: (ended - began) / 1000, storing: (ended - planned) / 1000, memory };
}

/** Seconds that plain inserts of as many epochs take. */
async function insert(folder: string, epochs: number): Promise<number> {
  const embedded = await start({ dataDir: path.join(folder, 'inserted') });
  const database = await openDatabase(embedded.uri);
  const began = performance.now();
  let made = 0;
  const work = async (): Promise<void> => {
    while (made < epochs) {
      made += BATCH;
      const documents = Array.from({ length: BATCH / EPOCHS_OF_ONE }, () => new ObjectId()).flatMap((experiment_id) =>
        Array.from({ length: EPOCHS_OF_ONE }, (_, epoch) => ({
          experiment_id,
          epoch,
          metrics: { train_loss: new Double(1 / (epoch + 1)), val_loss: Math.random(), learning_rate: 0.001 },
          timing: { duration_seconds: 12.5 },
          timestamp: new Date(1.6e12 + made + epoch),
          version: 1,
        })),
      );
      await database.collections.epochs.insertMany(documents, { ordered: false });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  const seconds = (performance.now() - began) / 1000;
  await database.close();
  await embedded.close();
  return seconds;
}

async function main(): Promise<void> {
  const epochs = Number(process.argv[2] ?? 1_000_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  try {
    const file = path.join(folder, 'metadata.db');
    writeLegacy(file, epochs);
    const plain = await insert(folder, epochs);
    const { seconds, storing, memory } = await migrate(folder, file);
    const rate = (time: number) => `${Math.round(epochs / time)} rows/s`;
    process.stdout.write(
      `${epochs} epochs migrated in ${seconds.toFixed(1)} s, ${rate(seconds)}; the storing alone ${storing.toFixed(1)} s, ` +
        `${rate(storing)}\nplain inserts of as many: ${plain.toFixed(1)} s, ${rate(plain)}; the storing takes ` +
        `${(storing / plain).toFixed(2)} times as long\nmemory of both processes together, at most: ${Math.round(memory)} MB\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
