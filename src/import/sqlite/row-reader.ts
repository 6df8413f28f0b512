import type { TimeZone } from './time-zone';

/** A value as SQLite holds it: columns are of no fixed type, and each row may have another one. */
export type Cell = number | bigint | string | Uint8Array | null | undefined;

/** The key of a row under which its number in the table stands; no column is named so. */
export const ROW_NUMBER = 'epochgraph rowid';

/** A row by the lower-case names of its columns; its number is in it, too. */
export type Row = Readonly<Record<string, Cell>>;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const NO_NUMBER = /^([+-]?)(nan|inf|infinity)$/i;
const NOTHING = new Set(['', 'null', 'none', 'n/a']);
const YES = new Set(['1', 'true', 't', 'yes', 'y']);
const NO = new Set(['0', 'false', 'f', 'no', 'n']);
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/i;
/** Numbers that are times: seconds and milliseconds since 1970, from 1973 to 2286. */
const SECONDS = { from: 1e8, to: 1e10 };
const MILLISECONDS = { from: 1e11, to: 1e13 };

/**
 * Reads the cells of one row, whatever they hold. What is of another type than its column is read by its meaning, and
 * what has none is left out; both are noted in `repairs`: the column, what it held and what was made of it.
 */
export class RowReader {
  readonly repairs: { kind: string; detail: string }[] = [];
  /** Whether a time had more than milliseconds, which is all that the database keeps. */
  hasFinerTime = false;

  constructor(
    readonly row: Row,
    private readonly zone: TimeZone,
  ) {}

  /** The columns that are not among these. */
  columnsBeside(known: ReadonlySet<string>): string[] {
    const others: string[] = [];
    for (const column in this.row) if (column !== ROW_NUMBER && !known.has(column)) others.push(column);
    return others;
  }

  repair(kind: string, detail = kind): void {
    this.repairs.push({ kind, detail });
  }

  number(column: string): number | undefined {
    const cell = this.row[column];
    if (typeof cell === 'number') return cell;
    if (cell == null) return undefined;
    if (typeof cell === 'bigint') return this.rounded(column, cell);
    if (typeof cell === 'string') return this.numberOfText(column, cell);
    return this.read(column, 'a blob read as a number', numberOfBlob(cell));
  }

  /** An integer of 53 bits. */
  integer(column: string): number | undefined {
    const cell = this.row[column];
    if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell;
    if (cell == null) return undefined;
    if (cell instanceof Uint8Array) {
      const value = integerOfBlob(cell);
      return this.read(column, 'a blob read as an integer', value);
    }
    const value = typeof cell === 'number' ? cell : this.number(column);
    return value === undefined || Number.isSafeInteger(value) ? value : this.leftOut(column);
  }

  boolean(column: string): boolean | undefined {
    const cell = this.row[column];
    if (cell === 0 || cell === 1) return cell === 1;
    if (cell == null) return undefined;
    if (typeof cell === 'number' || typeof cell === 'bigint') {
      return this.read(column, 'a number read as true', Boolean(cell));
    }
    if (typeof cell === 'string') {
      const word = cell.trim().toLowerCase();
      const value = YES.has(word) ? true : NO.has(word) || NOTHING.has(word) ? false : undefined;
      return this.read(column, 'a text read as true or false', value);
    }
    const number = integerOfBlob(cell);
    const value = number === undefined ? undefined : number !== 0;
    return this.read(column, 'a blob read as true or false', value);
  }

  /** Text as it stands; undefined where there is none. */
  text(column: string): string | undefined {
    const cell = this.row[column];
    if (cell == null || cell === '') return undefined;
    if (typeof cell === 'string') return cell;
    if (typeof cell !== 'object') return this.read(column, 'a number read as text', String(cell));
    const decoded = new TextDecoder().decode(cell);
    return this.read(column, 'a blob read as text', decoded.includes('\uFFFD') ? undefined : decoded);
  }

  time(column: string): Date | undefined {
    const cell = this.row[column];
    if (cell == null) return undefined;
    if (typeof cell === 'string') {
      if (NOTHING.has(cell.trim().toLowerCase())) return undefined;
      const time = this.timeOfText(cell.trim());
      return time === undefined ? this.leftOut(column) : new Date(time);
    }
    const value = Number(cell);
    if (value >= SECONDS.from && value < SECONDS.to) {
      return this.read(column, 'seconds since 1970 read as a time', new Date(Math.trunc(value * 1000)));
    }
    if (value >= MILLISECONDS.from && value < MILLISECONDS.to) {
      return this.read(column, 'milliseconds since 1970 read as a time', new Date(Math.trunc(value)));
    }
    return this.leftOut(column);
  }

  private timeOfText(text: string): number | undefined {
    const match = TIME.exec(text);
    if (!match) return undefined;
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
    const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
    if (/[1-9]/.test(fraction.slice(3))) this.hasFinerTime = true;
    const fields = [year, month, day, hour, minute, second].map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [y, mo, d, h, mi, s] = fields;
    const local = Date.UTC(y, mo - 1, d, h, mi, s, milliseconds);
    // Date.UTC takes the 31st of February for the 3rd of March.
    const back = new Date(local);
    if (back.getUTCMonth() !== mo - 1 || back.getUTCDate() !== d || h > 23 || mi > 59 || s > 59) return undefined;
    if (zone === undefined) return this.zone.toUtc(local);
    const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
    if (!offset) return local;
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    return local - (offset[1] === '-' ? -minutes : minutes) * 60_000;
  }

  private numberOfText(column: string, text: string): number | undefined {
    const trimmed = text.trim();
    if (NOTHING.has(trimmed.toLowerCase())) return undefined;
    const word = NO_NUMBER.exec(trimmed);
    const value = NUMBER.test(trimmed)
      ? Number(trimmed)
      : word && (word[2]!.toLowerCase() === 'nan' ? NaN : word[1] === '-' ? -Infinity : Infinity);
    return this.read(column, 'a text read as a number', value ?? undefined);
  }

  private rounded(column: string, value: bigint): number {
    const number = Number(value);
    if (BigInt(number) !== value)
      this.repair('an integer past 2^53 was rounded', `${column}: ${value} became ${number}`);
    return number;
  }

  private read<T>(column: string, kind: string, value: T | undefined): T | undefined {
    if (value === undefined) return this.leftOut(column);
    const shown = value instanceof Date ? value.toISOString() : String(value);
    this.repair(`${column}: ${kind}`, `${column}: ${kind}, ${shown}`);
    return value;
  }

  private leftOut(column: string): undefined {
    this.repair(`${column}: a value that can't be read was left out`);
    return undefined;
  }
}

/** Integers as numpy's scalars lie in memory, least byte first; numpy.bool_ is one byte. */
export function integerOfBlob(blob: Uint8Array): number | undefined {
  const bytes = Buffer.from(blob);
  if (![1, 2, 4, 8].includes(bytes.length)) return undefined;
  const value = bytes.length === 8 ? Number(bytes.readBigInt64LE()) : bytes.readIntLE(0, bytes.length);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * A number as numpy's scalars lie in memory: 4 bytes are a float32; 8 bytes are a float64 unless that would be one that
 * no training gives (a tiny one, or NaN with a payload), which is how small integers of 64 bits look.
 */
function numberOfBlob(blob: Uint8Array): number | undefined {
  const bytes = Buffer.from(blob);
  if (bytes.length === 4) return bytes.readFloatLE();
  if (bytes.length !== 8) return integerOfBlob(bytes);
  const double = bytes.readDoubleLE();
  const isPlausible = double === 0 || (Math.abs(double) > 1e-200 && Math.abs(double) < 1e200);
  return isPlausible ? double : (integerOfBlob(bytes) ?? double);
}
