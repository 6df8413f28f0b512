import { rmSync } from 'node:fs';
import { Database } from 'node-sqlite3-wasm';
import { StartupError } from '../../errors';
import { integerOfBlob, ROW_NUMBER, type Cell, type Row } from './row-reader';
import { snapshotOf, type Snapshot } from './snapshot';
import { TABLES, TABLE_NAMES, type TableName } from './tables';

/** A row with its number in the file. */
export interface NumberedRow {
  number: number;
  row: Row;
}

interface Table {
  /** Its name and columns as the file writes them, the columns by their names in lower case. */
  name: string;
  columns: Map<string, string>;
  rows: number;
}

/** Epochs and checkpoints by run and epoch, in a table of the copy's own: the file has no index for that. */
const ORDERED = { epoch_history: 'epochgraph_epochs', model_checkpoints: 'epochgraph_checkpoints' } as const;
type Ordered = keyof typeof ORDERED;

/** The rows of a legacy tracker's database, read from a copy of it. */
export class LegacyFile {
  private constructor(
    private readonly file: string,
    private readonly snapshot: Snapshot,
    private readonly database: Database,
    private readonly tables: ReadonlyMap<TableName, Table>,
    /** Tables that are not the tracker's, with their numbers of rows. */
    readonly otherTables: ReadonlyMap<string, number>,
  ) {}

  /** Throws a StartupError where the file can't be read, is damaged, or has none of the tables. */
  static async open(file: string): Promise<LegacyFile> {
    const snapshot = await snapshotOf(file);
    let database: Database | undefined;
    try {
      return inWords(file, () => {
        database = new Database(snapshot.file, { fileMustExist: true });
        // Without shared memory SQLite reads a write-ahead log in this mode only; the copy has one user.
        database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -32000');
        database.get('SELECT count(*) FROM sqlite_master');
        database.exec('PRAGMA journal_mode = DELETE');
        database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
        // An open file outlives its name, so that a process that is killed leaves no copy; not on Windows.
        if (process.platform !== 'win32') rmSync(snapshot.file);
        const { tables, others } = tablesOf(database);
        if (tables.size === 0) {
          throw new StartupError(
            `${file} has none of the tables ${TABLE_NAMES.join(', ')}: it is not the tracker's database.`,
          );
        }
        const legacy = new LegacyFile(file, snapshot, database, tables, others);
        legacy.order();
        return legacy;
      });
    } catch (error) {
      database?.close();
      await snapshot.remove();
      throw error;
    }
  }

  get hadWal(): boolean {
    return this.snapshot.hadWal;
  }

  /** How many rows a table has; undefined where the file lacks it. */
  rowsOf(table: TableName): number | undefined {
    return this.tables.get(table)?.rows;
  }

  /** Columns that a table has beside the known ones, in lower case. */
  otherColumnsOf(table: TableName): string[] {
    const known: readonly string[] = TABLES[table];
    return [...(this.tables.get(table)?.columns.keys() ?? [])].filter((column) => !known.includes(column));
  }

  /** All rows of a table; runs in the order of their ids, the others as they were written. */
  rows(table: TableName): Iterable<NumberedRow> {
    const order = table === 'training_runs' && this.has(table, 'run_id') ? integerOf('t', 'run_id') : 't.rowid';
    return this.select(table, (from) => `${from} ORDER BY ${order}, t.rowid`);
  }

  /** A run's epochs or checkpoints, by their epoch and then as they were written. */
  rowsOfRun(table: Ordered, run: number): Iterable<NumberedRow> {
    const sql = (from: string) =>
      `${from} JOIN ${ORDERED[table]} o ON o.source = t.rowid WHERE o.run = ? ORDER BY o.run, o.place, o.source`;
    return this.select(table, sql, [run]);
  }

  /** Epochs or checkpoints whose run or epoch can't be read. */
  unplacedRows(table: Ordered): Iterable<NumberedRow> {
    return this.select(table, (from) => `${from} WHERE NOT (${this.isPlaced(table)}) ORDER BY t.rowid`);
  }

  /** The ids that epochs or checkpoints name and `training_runs` does not have, ascending. */
  *orphanRuns(): Iterable<number> {
    const named = Object.values(ORDERED).map((table) => `SELECT run FROM ${table}`);
    const runs = this.tables.get('training_runs');
    const known =
      runs && this.has('training_runs', 'run_id')
        ? ` EXCEPT SELECT ${integerOf('t', runs.columns.get('run_id')!)} FROM ${quoted(runs.name)} t`
        : '';
    for (const row of this.iterate(`SELECT run FROM (${named.join(' UNION ')}${known}) ORDER BY run`)) {
      yield Number(row.run);
    }
  }

  /** Closes and removes the copy. */
  async close(): Promise<void> {
    this.database.close();
    await this.snapshot.remove();
  }

  private has(table: TableName, column: string): boolean {
    return this.tables.get(table)?.columns.has(column) === true;
  }

  /** Fills the tables of `ORDERED`. */
  private order(): void {
    this.database.function('epochgraph_integer', integerOfCell, { deterministic: true });
    for (const [table, ordered] of Object.entries(ORDERED) as [Ordered, string][]) {
      this.database.exec(
        `CREATE TABLE ${ordered} (run INTEGER, place INTEGER, source INTEGER, PRIMARY KEY (run, place, source)) ` +
          'WITHOUT ROWID',
      );
      const found = this.tables.get(table);
      if (!found || !this.has(table, 'run_id') || !this.has(table, 'epoch')) continue;
      const [run, epoch] = ['run_id', 'epoch'].map((column) => integerOf('t', found.columns.get(column)!));
      this.database.exec(
        `INSERT INTO ${ordered} SELECT ${run}, ${epoch}, t.rowid FROM ${quoted(found.name)} t ` +
          `WHERE ${this.isPlaced(table)} ORDER BY 1, 2, 3`,
      );
    }
  }

  private isPlaced(table: Ordered): string {
    if (!this.has(table, 'run_id') || !this.has(table, 'epoch')) return '0';
    const { columns } = this.tables.get(table)!;
    const [run, epoch] = ['run_id', 'epoch'].map((column) => integerOf('t', columns.get(column)!));
    return `${run} IS NOT NULL AND ${epoch} IS NOT NULL AND ${epoch} BETWEEN 0 AND 2147483647`;
  }

  private *select(
    table: TableName,
    rest: (from: string) => string,
    values: number[] = [],
  ): Generator<NumberedRow, void, undefined> {
    const found = this.tables.get(table);
    if (!found) return;
    const columns = [...found.columns].map(([name, written]) => `t.${quoted(written)} AS ${quoted(name)}`);
    const sql = rest(`SELECT t.rowid AS ${quoted(ROW_NUMBER)}, ${columns.join(', ')} FROM ${quoted(found.name)} t`);
    for (const row of this.iterate(sql, values)) {
      yield { number: Number(row[ROW_NUMBER]), row };
    }
  }

  private *iterate(sql: string, values: number[] = []): Generator<Record<string, Cell>, void, undefined> {
    const statement = inWords(this.file, () => this.database.prepare(sql));
    try {
      const rows = statement.iterate(values) as IterableIterator<Record<string, Cell>>;
      for (;;) {
        const next: IteratorResult<Record<string, Cell>, unknown> = inWords(this.file, () => rows.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      statement.finalize();
    }
  }
}

function tablesOf(database: Database): { tables: Map<TableName, Table>; others: Map<string, number> } {
  const tables = new Map<TableName, Table>();
  const others = new Map<string, number>();
  const found = database.all(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  );
  for (const { name } of found as { name: string }[]) {
    const { n } = database.get(`SELECT count(*) AS n FROM ${quoted(name)}`) as { n: number };
    const known = TABLE_NAMES.find((table) => table === name.toLowerCase());
    if (!known) {
      others.set(name, Number(n));
      continue;
    }
    const columns = database.all(`PRAGMA table_info(${quoted(name)})`) as { name: string }[];
    tables.set(known, {
      name,
      columns: new Map(columns.map((column) => [column.name.toLowerCase(), column.name])),
      rows: Number(n),
    });
  }
  return { tables, others };
}

/** A column as an integer, whatever type a row has there; NULL where it can't be read as one. */
function integerOf(table: string, column: string): string {
  const cell = `${table}.${quoted(column)}`;
  return `CASE typeof(${cell}) WHEN 'integer' THEN ${cell} WHEN 'null' THEN NULL ELSE epochgraph_integer(${cell}) END`;
}

/** Called by SQLite for cells that are no integers. */
function integerOfCell(cell: Exclude<Cell, undefined>): number | null {
  if (cell instanceof Uint8Array) return integerOfBlob(cell) ?? null;
  const text = String(cell).trim();
  const value = /^[+-]?\d+(\.0*)?$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Runs `work`; an error of SQLite becomes a StartupError that says what to do. */
function inWords<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SQLite3Error') throw error;
    if (/not a database/.test(error.message)) {
      throw new StartupError(`${file} is not a SQLite database that can be read (is it encrypted?).`);
    }
    throw new StartupError(
      `${file} is damaged (${error.message}). Take an undamaged copy, or save what can be saved with: ` +
        `sqlite3 FILE .recover | sqlite3 recovered.db`,
    );
  }
}
