import { basename, dirname } from 'node:path';
import type { Sidecar } from './sidecar';
import { faultOfColumnName, isMissing, readerOf, targetOf, type Reader } from './participant-columns';
import { completeSubject, type ImportedSubject, type ImportProblem, type SubjectFacts } from './subject-record';
import { readTsv, type TsvRow } from './tsv';

export { mergeSubjects, type MergeConflict } from './merge-subjects';
export type { Availability, ImportedSubject, ImportProblem } from './subject-record';

const ID = 'participant_id';
const RELEASE = /(?<![A-Za-z0-9])R\d{1,3}(?![A-Za-z0-9])/g;

interface Column {
  name: string;
  index: number;
  read: Reader;
  target: string;
}

/** A column that the descriptions beside the table describe, and the path that its values are stored under. */
export interface DescribedColumn {
  name: string;
  target: string;
  description: string;
}

/**
 * The subjects of a BIDS participants.tsv, in the order of its rows. `file` names the table in problems and, for a table
 * without a release_number, tells the release where its own name or its folder's holds one such as R1.
 *
 * A row with a problem gives no subject, and all of its problems are listed; a table whose header or encoding is wrong
 * gives none at all. A participant who stands in one table twice is one subject if the rows are equal; if they differ,
 * none of them is taken, for nothing tells which is right. Never throws for what the table holds.
 */
export function parseParticipants(
  file: string,
  content: Uint8Array | string,
  sidecar: Sidecar = new Map(),
): { subjects: ImportedSubject[]; problems: ImportProblem[]; columns: DescribedColumn[] } {
  const { rows, problems } = readTsv(file, content);
  if (problems.length > 0) return { subjects: [], problems, columns: [] };
  const [header, ...body] = rows;
  if (!header) return { subjects: [], problems: [{ file, line: 1, message: 'The table is empty.' }], columns: [] };
  const faults = headerProblems(file, header);
  if (faults.length > 0) return { subjects: [], problems: faults, columns: [] };

  const idIndex = header.cells.indexOf(ID);
  const columns = columnsOf(header, body, sidecar);
  const release = releaseFromPath(file);
  const taken = new Map<string, { row: TsvRow; subject: ImportedSubject | undefined }>();
  for (const row of body) {
    if (row.cells.length !== header.cells.length) {
      const message = `The row has ${row.cells.length} cells, the header ${header.cells.length}.`;
      problems.push({ file, line: row.line, message });
      continue;
    }
    const id = row.cells[idIndex]!;
    const fault = faultOfId(id);
    if (fault) {
      problems.push({ file, line: row.line, column: ID, message: fault });
      continue;
    }
    const earlier = taken.get(id);
    if (!earlier) {
      const found = readRow(file, row, id, columns, release);
      taken.set(id, { row, subject: found.subject });
      problems.push(...found.problems);
    } else if (row.cells.some((cell, index) => cell !== earlier.row.cells[index])) {
      earlier.subject = undefined;
      const message = `${id} stands on line ${earlier.row.line} already, with other values; neither is taken.`;
      problems.push({ file, line: row.line, column: ID, message });
    }
  }
  const described = columns.flatMap(({ name, target }) => {
    const description = sidecar.get(name)?.description;
    return description === undefined ? [] : [{ name, target, description }];
  });
  return { subjects: [...taken.values()].flatMap(({ subject }) => subject ?? []), problems, columns: described };
}

function headerProblems(file: string, header: TsvRow): ImportProblem[] {
  const { line, cells } = header;
  const problems: ImportProblem[] = [];
  cells.forEach((name, index) => {
    const fault = faultOfColumnName(name);
    if (fault) problems.push({ file, line, message: `Column ${index + 1}: ${fault}.` });
    else if (cells.indexOf(name) < index) {
      problems.push({
        file,
        line,
        column: name,
        message: `Columns ${cells.indexOf(name) + 1} and ${index + 1} share this name.`,
      });
    }
  });
  if (!cells.includes(ID)) {
    const message = `There is no ${ID} column. Is this a BIDS participants table, with tabs between its columns?`;
    problems.push({ file, line, message });
  }
  return problems;
}

/** The columns beside the id, `handedness` first: where a table has both, it outranks what ehq_total implies. */
function columnsOf(header: TsvRow, body: readonly TsvRow[], sidecar: Sidecar): Column[] {
  return header.cells
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => name !== ID)
    .sort((a, b) => Number(b.name === 'handedness') - Number(a.name === 'handedness'))
    .map(({ name, index }) => {
      const cells = body.map((row) => row.cells[index] ?? '').filter((cell) => !isMissing(cell));
      return { name, index, read: readerOf(name, cells, sidecar.get(name)), target: targetOf(name, cells) };
    });
}

function faultOfId(id: string): string | undefined {
  if (isMissing(id)) return 'The row has no participant_id.';
  if (id !== id.trim()) return `There are blanks around ${JSON.stringify(id)}.`;
  return undefined;
}

function readRow(file: string, row: TsvRow, id: string, columns: readonly Column[], release: string | undefined) {
  const facts: SubjectFacts = { subject_id: id, releases: release === undefined ? [] : [release], phenotypic: {} };
  const problems: ImportProblem[] = [];
  for (const { name, index, read } of columns) {
    const cell = row.cells[index]!;
    const fault = isMissing(cell) ? undefined : read(cell, facts);
    if (fault) problems.push({ file, line: row.line, column: name, message: `${id}: ${fault}.` });
  }
  return { subject: problems.length === 0 ? completeSubject(facts) : undefined, problems };
}

/** The one release that the file's name or, failing that, its folder's name holds. */
function releaseFromPath(file: string): string | undefined {
  for (const part of [basename(file), basename(dirname(file))]) {
    const found = new Set(part.match(RELEASE));
    if (found.size === 1) return [...found][0];
    if (found.size > 1) return undefined;
  }
  return undefined;
}
