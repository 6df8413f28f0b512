import { createHash } from 'node:crypto';
import {
  copyFileSync,
  ftruncateSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { LegacyFile } from '../../../src/import/sqlite/legacy-file';
import { temporaryFolder } from '../../kit/embedded';
import { killProcesses, startProgram, until } from '../../kit/process';
import { epochRow, fill, runRow, writeLegacy } from './legacy-database';

let work: ReturnType<typeof temporaryFolder>;
let copies: ReturnType<typeof temporaryFolder>;
const { TMPDIR } = process.env;

beforeEach(() => {
  work = temporaryFolder();
  copies = temporaryFolder();
  process.env.TMPDIR = copies.folder;
});
afterEach(async () => {
  await killProcesses();
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  work.remove();
  copies.remove();
});

const inFolder = (name: string) => path.join(work.folder, name);
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const epochs = (count: number) => Array.from({ length: count }, (_, epoch) => epochRow(1, epoch));

/** Opens, counts the epochs of run 1, and closes. */
async function countEpochs(file: string): Promise<number> {
  const legacy = await LegacyFile.open(file);
  const count = [...legacy.rowsOfRun('epoch_history', 1)].length;
  await legacy.close();
  return count;
}

/** Makes a database so many pages long. The new ones are holes that nothing refers to; the header tells their number. */
function grow(file: string, pages: number): void {
  const handle = openSync(file, 'r+');
  ftruncateSync(handle, pages * 4096);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(pages);
  writeSync(handle, count, 0, 4, 28);
  closeSync(handle);
}

async function refusal(file: string): Promise<string> {
  const before = readdirSync(work.folder);
  const message = await LegacyFile.open(file).then(
    () => 'opened',
    (error: Error) => error.message,
  );
  expect(readdirSync(work.folder)).toEqual(before);
  expect(readdirSync(copies.folder)).toEqual([]);
  return message;
}

describe('a file that can not be migrated is refused in a sentence, and leaves nothing', () => {
  it('that is not there, or a folder', async () => {
    expect(await refusal(inFolder('nothing.db'))).toMatch(/nothing\.db can't be read: ENOENT\.$/);
    expect(await refusal(work.folder)).toMatch(/(is not a file|can't be read: EISDIR)\.$/);
  });

  it('that is empty, or no SQLite database', async () => {
    writeFileSync(inFolder('empty.db'), '');
    writeFileSync(inFolder('text.db'), 'participant_id\tage\n'.repeat(100));
    expect(await refusal(inFolder('empty.db'))).toMatch(/is empty: there is nothing to migrate\.$/);
    expect(await refusal(inFolder('text.db'))).toMatch(/is not a SQLite database \(it does not begin as one\)\.$/);
  });

  it('that has none of the tables', async () => {
    const database = new Database(inFolder('other.db'));
    database.exec('CREATE TABLE runs (a)');
    database.close();
    expect(await refusal(inFolder('other.db'))).toMatch(
      /has none of the tables training_runs, .*: it is not the tracker/,
    );
  });

  it('that is cut short, by pages or in the middle of one', async () => {
    const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(500) });
    const { size } = statSync(file);
    for (const length of [size - 4096, size - 1000, 4096]) {
      const cut = inFolder('cut.db');
      copyFileSync(file, cut);
      truncateSync(cut, length);
      expect(await refusal(cut)).toMatch(
        new RegExp(`is cut short: it has ${length} bytes of ${size}\\. Nothing was migrated\\.`),
      );
    }
  });

  it('that is damaged inside: found while it is read', async () => {
    const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(2000) });
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8 * 4096, 12 * 4096);
    writeFileSync(file, bytes);
    await expect(countEpochs(file)).rejects.toThrow(/is damaged \(.*\)\. Take an undamaged copy/);
  });

  it('that never stops changing', async () => {
    const file = writeLegacy(work.folder, { training_runs: [runRow(1)] });
    // Large enough for the timer to come in the middle of each copy.
    grow(file, 50_000);
    let tick = 0;
    const timer = setInterval(() => utimesSync(file, 1, ++tick), 5);
    try {
      expect(await refusal(file)).toMatch(/is being written to all the time\. Stop the program/);
    } finally {
      clearInterval(timer);
    }
  });
});

it('reads the commits in a write-ahead log, and neither moves nor changes anything', async () => {
  const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(3) });
  const database = new Database(file);
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  fill(database, { epoch_history: [epochRow(1, 3), epochRow(1, 4)] });
  const crashed = inFolder('crashed.db');
  copyFileSync(file, crashed);
  copyFileSync(`${file}-wal`, `${crashed}-wal`);
  database.close();
  const before = [digest(crashed), digest(`${crashed}-wal`), readdirSync(work.folder)];

  const legacy = await LegacyFile.open(crashed);
  expect(legacy.hadWal).toBe(true);
  expect([...legacy.rowsOfRun('epoch_history', 1)]).toHaveLength(5);
  await legacy.close();
  expect([digest(crashed), digest(`${crashed}-wal`), readdirSync(work.folder)]).toEqual(before);
  expect(readdirSync(copies.folder)).toEqual([]);

  // Without its log the file has what was committed before.
  const alone = inFolder('alone.db');
  copyFileSync(crashed, alone);
  expect(await countEpochs(alone)).toBe(3);
});

it('refuses a file with half a commit in it', async () => {
  const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(400) });
  const database = new Database(file);
  // A cache of one page has the changes in the file long before the commit.
  database.exec('PRAGMA cache_size = 1; BEGIN');
  database.exec(
    "UPDATE epoch_history SET val_loss = 99, timestamp = 'a much longer text than the one before ' || timestamp",
  );
  const crashed = inFolder('crashed.db');
  copyFileSync(file, crashed);
  copyFileSync(`${file}-journal`, `${crashed}-journal`);
  database.exec('ROLLBACK');
  database.close();
  expect(digest(crashed)).not.toBe(digest(file));

  expect(await refusal(crashed)).toMatch(
    /has half a commit in it, which crashed\.db-journal undoes\. .* sqlite3 copy\.db "PRAGMA quick_check", and migrate that\.$/,
  );
});

it('reads what is committed while another process holds the file locked, and does not disturb it', async () => {
  const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(3) });
  const before = digest(file);
  const writer = [
    'import sqlite3, sys',
    `c = sqlite3.connect(sys.argv[1], isolation_level=None)`,
    `c.execute('BEGIN EXCLUSIVE')`,
    `c.execute('INSERT INTO epoch_history (run_id, epoch) VALUES (1, 3)')`,
    `print('locked', flush=True)`,
    `sys.stdin.readline()`,
    `c.execute('COMMIT')`,
  ].join('\n');
  const other = startProgram('python3', ['-c', writer, file], { cwd: work.folder });
  await until(
    () => other.stdout().includes('locked'),
    () => other.stderr(),
  );
  expect(await countEpochs(file)).toBe(3);
  expect(digest(file)).toBe(before);
  other.child.stdin.write('\n');
  expect((await other.exited).code).toBe(0);
  expect(await countEpochs(file)).toBe(4);
});

it('reads rows that lie beyond 2 GB, in little memory', async () => {
  const pages = 530_000;
  const file = writeLegacy(work.folder, { training_runs: [runRow(1)], epoch_history: epochs(3) });
  grow(file, pages);
  const database = new Database(file);
  fill(database, { epoch_history: Array.from({ length: 300 }, (_, epoch) => epochRow(1, 3 + epoch)) });
  database.close();
  expect(statSync(file).size).toBeGreaterThan(2 ** 31);

  const before = process.memoryUsage().rss;
  expect(await countEpochs(file)).toBe(303);
  expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
}, 120_000);
