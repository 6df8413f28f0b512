import type { RowOutcome } from '../../stores/run-imports';
import type { TableName } from './tables';
import { ROW_NUMBER, type Row } from './row-reader';

/** What becomes of a row: it is stored, or refused with the reason. */
export type Fate = RowOutcome | 'refused';

export const FATES = ['created', 'updated', 'unchanged', 'kept', 'refused'] as const satisfies Fate[];

/** A value that was mended, by its kind (for the counts) and in detail (for the report). */
export interface Repair {
  kind: string;
  detail: string;
}

/** Counts of a table. `read` is the sum of the fates. */
export interface TableCounts extends Record<Fate, number> {
  read: number;
  /** Rows with a repair; each has another fate as well. */
  repaired: number;
  /** Rows by what was repaired of them, and by why they were refused or kept. */
  repairs: Map<string, number>;
  reasons: Map<string, number>;
}

/** A row of the report: one that was repaired, refused, or kept back by what is stored already. */
export interface ReportedRow {
  table: TableName;
  row: number;
  outcome: Fate;
  reason?: string;
  repairs?: string[];
  /** The row as the file holds it. */
  values: Record<string, unknown>;
}

/** Counts the rows of a migration by their fates, and hands on those that the report must have. */
export class Tally {
  readonly tables = new Map<TableName, TableCounts>();
  /** Rows with times that had more than milliseconds. */
  finerTimes = 0;
  /** Runs made for epochs and checkpoints of runs that the file does not have. */
  readonly madeRuns: Record<Fate, number> = { created: 0, updated: 0, unchanged: 0, kept: 0, refused: 0 };

  constructor(private readonly report: (row: ReportedRow) => void = () => undefined) {}

  of(table: TableName): TableCounts {
    let counts = this.tables.get(table);
    if (!counts) {
      const none = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
      counts = { read: 0, repaired: 0, repairs: new Map(), reasons: new Map(), ...none };
      this.tables.set(table, counts);
    }
    return counts;
  }

  add(
    table: TableName,
    number: number,
    row: Row,
    outcome: Fate,
    { repairs = [], reason }: { repairs?: readonly Repair[]; reason?: Repair | undefined } = {},
  ): void {
    const counts = this.of(table);
    counts.read++;
    counts[outcome]++;
    if (repairs.length === 0 && !reason) return;
    if (reason) count(counts.reasons, reason.kind);
    if (repairs.length > 0) counts.repaired++;
    for (const kind of new Set(repairs.map((repair) => repair.kind))) count(counts.repairs, kind);
    this.report({
      table,
      row: number,
      outcome,
      ...(reason ? { reason: reason.detail } : {}),
      ...(repairs.length > 0 ? { repairs: repairs.map(({ detail }) => detail) } : {}),
      values: Object.fromEntries(
        Object.entries(row).flatMap(([column, cell]) => (column === ROW_NUMBER ? [] : [[column, shown(cell)]])),
      ),
    });
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** A cell as JSON: what JSON lacks as text, blobs in hexadecimal. */
function shown(cell: Row[string]): unknown {
  if (cell instanceof Uint8Array) return { blob: Buffer.from(cell).toString('hex') };
  if (typeof cell === 'bigint' || (typeof cell === 'number' && !Number.isFinite(cell))) return String(cell);
  return cell ?? null;
}
