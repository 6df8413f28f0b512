import { StartupError } from '../errors';
import { fromLine, toLine } from '../stores/raw-documents';

/** A document, its own type kept from the imports of this layer. */
export type RawDocument = Record<string, unknown>;

/** Objects of an epoch whose fields have columns of their own. */
const NESTED = new Set(['metrics', 'timing', 'memory']);

/** The column names of an epoch's fields: `metrics.val_loss` and the like, and one for any other field. */
export function columnsOf(epoch: RawDocument): string[] {
  return Object.entries(epoch).flatMap(([name, value]) => {
    if (name.includes('.')) {
      throw new StartupError(
        `An epoch has a field named ${JSON.stringify(name)}, which CSV can't keep. Use --format ndjson.`,
      );
    }
    if (!isNested(name, value)) return [name];
    return Object.keys(value).map((key) => `${name}.${key}`);
  });
}

/**
 * A row of CSV. Ids, times (ISO 8601) and numbers stand as people expect them; a value of another type than its column
 * usually has is written as extended JSON, so that nothing is lost. A field that is missing is an empty cell.
 */
export function toRow(epoch: RawDocument, columns: readonly string[]): string {
  return columns.map((column) => quoted(cellOf(column, valueAt(epoch, column)))).join(',');
}

export function headerOf(columns: readonly string[]): string {
  return columns.map(quoted).join(',');
}

/** The epoch that a row stands for; throws a SyntaxError that names the column of a cell that can't be read. */
export function fromRow(cells: readonly string[], columns: readonly string[]): RawDocument {
  const epoch: RawDocument = {};
  columns.forEach((column, index) => {
    const cell = cells[index]!;
    if (cell === '') return;
    let value: unknown;
    try {
      value = valueOf(column, cell);
    } catch {
      throw new SyntaxError(`${column}: ${JSON.stringify(cell)} can't be read`);
    }
    const [name, key] = splitColumn(column);
    if (key === undefined) epoch[name] = value;
    else ((epoch[name] ??= {}) as RawDocument)[key] = value;
  });
  return epoch;
}

type Kind = 'id' | 'int' | 'date' | 'double';

function kindOf(column: string): Kind {
  if (column === '_id' || column === 'experiment_id') return 'id';
  if (column === 'epoch' || column === 'version') return 'int';
  return column === 'timestamp' || column === 'timing.epoch_start' || column === 'timing.epoch_end' ? 'date' : 'double';
}

const WRAPPERS: Record<Kind, string> = { id: '$oid', int: '$numberInt', date: '$date', double: '$numberDouble' };
const PLAIN: Record<Kind, RegExp> = {
  id: /^[0-9a-f]{24}$/,
  int: /^-?\d+$/,
  date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  double: /^(?:-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN)$/,
};

function cellOf(column: string, value: unknown): string {
  if (value === undefined) return '';
  const kind = kindOf(column);
  const json = JSON.parse(toLine({ value })) as { value: unknown };
  const inner = isObject(json.value) && Object.keys(json.value).length === 1 ? json.value[WRAPPERS[kind]] : undefined;
  let plain = inner;
  if (kind === 'date' && isObject(inner)) {
    const time = new Date(Number(inner.$numberLong));
    plain = Number.isNaN(time.getTime()) ? undefined : time.toISOString();
  }
  return typeof plain === 'string' && PLAIN[kind].test(plain) ? plain : JSON.stringify(json.value);
}

function valueOf(column: string, cell: string): unknown {
  const kind = kindOf(column);
  if (!PLAIN[kind].test(cell)) return fromLine(`{"value":${cell}}`).value;
  const inner = kind === 'date' ? { $numberLong: String(Date.parse(cell)) } : cell;
  return fromLine(JSON.stringify({ value: { [WRAPPERS[kind]]: inner } })).value;
}

function valueAt(epoch: RawDocument, column: string): unknown {
  const [name, key] = splitColumn(column);
  const value = epoch[name];
  if (key === undefined) return isNested(name, value) ? undefined : value;
  return isObject(value) ? value[key] : undefined;
}

/** Stored names hold no dot, so that the first one parts an object from its field. */
function splitColumn(column: string): [string, string | undefined] {
  const dot = column.indexOf('.');
  return dot < 0 ? [column, undefined] : [column.slice(0, dot), column.slice(dot + 1)];
}

/** Whether a field has columns for what is in it. An empty object has none, and stands in a column of its own. */
function isNested(name: string, value: unknown): value is RawDocument {
  return NESTED.has(name) && isObject(value) && Object.keys(value).length > 0;
}

function isObject(value: unknown): value is RawDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
