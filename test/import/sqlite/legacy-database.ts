import path from 'node:path';
import { Database } from 'node-sqlite3-wasm';

const SCHEMA = {
  training_runs:
    'run_id INTEGER PRIMARY KEY AUTOINCREMENT, challenge INTEGER, model_name TEXT, start_time TIMESTAMP, end_time TIMESTAMP, ' +
    'status TEXT, best_val_loss REAL, best_epoch INTEGER, total_epochs INTEGER, config TEXT, notes TEXT',
  epoch_history:
    'id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER, epoch INTEGER, train_loss REAL, val_loss REAL, ' +
    'learning_rate REAL, duration_seconds REAL, timestamp TIMESTAMP',
  model_checkpoints:
    'checkpoint_id INTEGER PRIMARY KEY, run_id INTEGER, epoch INTEGER, val_loss REAL, file_path TEXT, file_size_mb REAL, ' +
    'timestamp TIMESTAMP, is_best BOOLEAN',
  subjects:
    'subject_id TEXT, age REAL, sex TEXT, p_factor REAL, release TEXT, n_sessions INTEGER, n_trials INTEGER, ' +
    'data_quality TEXT, notes TEXT',
  cache_files:
    'cache_id INTEGER PRIMARY KEY, challenge INTEGER, release TEXT, file_path TEXT, file_size_mb REAL, n_windows INTEGER, ' +
    'n_channels INTEGER, n_times INTEGER, created_at TIMESTAMP, checksum TEXT',
};

export type LegacyTable = keyof typeof SCHEMA;
export type LegacyRow = Record<string, number | bigint | string | Uint8Array | null>;
export type LegacyRows = Partial<Record<LegacyTable, LegacyRow[]>>;

/** A complete run of the tracker, with what is given in the place of its usual values. */
export function runRow(run_id: number, row: LegacyRow = {}): LegacyRow {
  return {
    run_id,
    challenge: 2,
    model_name: 'EEGNeX',
    start_time: '2025-10-20 16:00:00',
    end_time: '2025-10-20 18:00:00',
    status: 'completed',
    config: '{"batch_size": 16}',
    ...row,
  };
}

/** An epoch whose val_loss falls with its number. */
export function epochRow(run_id: number, epoch: number, row: LegacyRow = {}): LegacyRow {
  return {
    run_id,
    epoch,
    train_loss: 1 / (epoch + 1),
    val_loss: 1.5 / (epoch + 1),
    learning_rate: 0.001,
    duration_seconds: 10.5,
    timestamp: `2025-10-20 16:${String(epoch % 60).padStart(2, '0')}:30`,
    ...row,
  };
}

/** Makes the tracker's tables, those named in `rows` only, with their rows. Columns that are not known are added. */
export function fill(database: Database, rows: LegacyRows): void {
  for (const [table, list] of Object.entries(rows) as [LegacyTable, LegacyRow[]][]) {
    const exists = database.get('SELECT 1 AS found FROM sqlite_master WHERE name = ?', [table]);
    if (!exists) database.exec(`CREATE TABLE ${table} (${SCHEMA[table]})`);
    const known = (database.all(`PRAGMA table_info(${table})`) as { name: string }[]).map(({ name }) => name);
    const added = new Set(list.flatMap((row) => Object.keys(row)).filter((column) => !known.includes(column)));
    for (const column of added) database.exec(`ALTER TABLE ${table} ADD COLUMN "${column}"`);
    for (const row of list) {
      const columns = Object.keys(row);
      database.run(
        `INSERT INTO ${table} (${columns.map((column) => `"${column}"`).join()}) VALUES (${columns.map(() => '?').join()})`,
        Object.values(row),
      );
    }
  }
}

/** Writes a tracker's database into a folder and gives its path. */
export function writeLegacy(folder: string, rows: LegacyRows, name = 'metadata.db'): string {
  const file = path.join(folder, name);
  const database = new Database(file);
  database.exec('BEGIN');
  fill(database, rows);
  database.exec('COMMIT');
  database.close();
  return file;
}

/** Runs with so many epochs each and a checkpoint at every tenth, in one fast statement a table. */
export function writeManyRuns(folder: string, runs: number, epochs: number): string {
  const file = path.join(folder, 'metadata.db');
  const database = new Database(file);
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
  fill(database, { training_runs: [], epoch_history: [], model_checkpoints: [] });
  const series = (name: string, count: number) =>
    `${name}(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${count - 1})`;
  database.exec(`
    WITH RECURSIVE ${series('r', runs)}
    INSERT INTO training_runs (run_id, challenge, model_name, start_time, status, config)
    SELECT n + 1, 1 + n % 2, 'EEGNeX', datetime('2025-01-01', n || ' hours'), 'completed', '{"batch_size": 16}' FROM r;
    WITH RECURSIVE ${series('r', runs)}, ${series('e', epochs)}
    INSERT INTO epoch_history (run_id, epoch, train_loss, val_loss, learning_rate, duration_seconds, timestamp)
    SELECT r.n + 1, e.n, 1.0 / (e.n + 1), 1.0 / (1 + (e.n * 7919 + r.n) % 1000), 0.001, 12.5,
      datetime('2025-01-01', r.n || ' hours', e.n || ' seconds') FROM r CROSS JOIN e;
    INSERT INTO model_checkpoints (run_id, epoch, val_loss, file_path, file_size_mb, timestamp, is_best)
    SELECT run_id, epoch, val_loss, 'checkpoints/' || run_id || '/' || epoch || '.pt', 9.8, timestamp, epoch % 20 = 0
    FROM epoch_history WHERE epoch % 10 = 0;
  `);
  database.close();
  return file;
}
