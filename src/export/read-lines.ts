import { createReadStream } from 'node:fs';
import { parse, type Info } from 'csv-parse';
import { fromLine } from '../stores/raw-documents';
import { fromRow, type RawDocument } from './csv-epochs';

const LINE_FEED = 0x0a;

/** A document of a file and its line, or why there is none on it. */
export type ReadLine = { line: number; document: RawDocument } | { line: number; problem: string };

/** The documents of a file of extended JSON lines, or of CSV where its name ends so. Blank lines are passed over. */
export function readDocuments(file: string): AsyncGenerator<ReadLine> {
  return file.endsWith('.csv') ? readCsv(file) : readNdjson(file);
}

async function* readNdjson(file: string): AsyncGenerator<ReadLine> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (text.trim() === '') continue;
    yield attempt(line, () => fromLine(text));
  }
}

/** Only a line feed ends a line here: a text in JSON may hold other characters that end lines elsewhere. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      rest.push(chunk.subarray(start, end));
      yield (rest.length === 1 ? rest[0]! : Buffer.concat(rest)).toString('utf8');
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

async function* readCsv(file: string): AsyncGenerator<ReadLine> {
  const rows = createReadStream(file).pipe(parse({ bom: true, info: true, relax_column_count: true }));
  let columns: string[] | undefined;
  for await (const { record, info } of rows as AsyncIterable<{ record: string[]; info: Info }>) {
    if (!columns) {
      columns = record;
      continue;
    }
    const names = columns;
    yield record.length === names.length
      ? attempt(info.lines, () => fromRow(record, names))
      : { line: info.lines, problem: `The row has ${record.length} cells, the header ${names.length}.` };
  }
}

function attempt(line: number, read: () => RawDocument): ReadLine {
  try {
    const document = read();
    return document._id === undefined ? { line, problem: 'The document has no _id.' } : { line, document };
  } catch (error) {
    return { line, problem: `No document: ${(error as Error).message}` };
  }
}
