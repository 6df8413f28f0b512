import { parse, type Info } from 'csv-parse/sync';
import type { ImportProblem } from './subject-record';

/** One row of a table and the line it stands on, counted from 1. */
export interface TsvRow {
  line: number;
  cells: string[];
}

/** What a table's text must not hold: what decoding puts in the place of broken UTF-8, and half a line end. */
const FAULTS: readonly { found: RegExp; message: string }[] = [
  { found: /\uFFFD/, message: 'The text is not UTF-8. Save the table as UTF-8.' },
  { found: /\r(?!\n)/, message: 'A carriage return ends no line here. Lines end with LF or CRLF.' },
];

/**
 * The rows of a BIDS table, the header first; blank lines are passed over and counted. BIDS tables know no quoting, so
 * a quotation mark is a character like any other. A byte order mark and CRLF line ends are accepted; bytes that are not
 * UTF-8, or a carriage return by itself, are a problem of the first line that holds them, and then there are no rows.
 */
export function readTsv(file: string, content: Uint8Array | string): { rows: TsvRow[]; problems: ImportProblem[] } {
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  const problems = FAULTS.flatMap(({ found, message }) => {
    const index = text.search(found);
    return index < 0 ? [] : { file, line: text.slice(0, index).split('\n').length, message };
  });
  if (problems.length > 0) return { rows: [], problems };
  const records = parse(text, {
    bom: true,
    delimiter: '\t',
    quote: false,
    escape: false,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
  }) as unknown as { record: string[]; info: Info }[];
  return { rows: records.map(({ record, info }) => ({ line: info.lines, cells: record })), problems: [] };
}
