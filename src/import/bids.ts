import { readFile } from 'node:fs/promises';
import { StartupError } from '../errors';
import type { SubjectStore } from '../stores/subjects';
import { MAX_SUBJECTS } from '../stores/subjects';
import { mergeSubjects, parseParticipants, type DescribedColumn, type ImportProblem } from './participants';
import { readSidecar } from './sidecar';
import type { SplitRule } from './splits';
import { additionTo } from './stored-subject';
import type { ImportedSubject } from './subject-record';
import type { SubjectInput } from '../../types/inputs/SubjectInput';

/** What an import did. created + updated + unchanged + refused is the number of subjects read, plus unreadable rows. */
export interface BidsReport {
  files: number;
  subjects: number;
  created: number;
  updated: number;
  unchanged: number;
  problems: ImportProblem[];
  /** Fields on which two tables disagreed about a subject, in words; the later table's value was taken. */
  conflicts: string[];
  /** What the descriptions beside the tables say of their columns, each column once. */
  columns: DescribedColumn[];
  /** Things to know that are no problem, in words. */
  notes: string[];
}

/** The splits to set, of either challenge or both; of a challenge that is left out, what is stored stays. */
export interface Splits {
  challenge1?: SplitRule;
  challenge2?: SplitRule;
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new StartupError(`${file} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
  }
}

/**
 * Imports BIDS participants tables: one subject for each participant, whichever tables it stands in, added to what is
 * stored of it. A row with a problem is left out and listed; the others are imported. Running it twice changes nothing.
 */
export async function importBids(
  files: readonly string[],
  subjects: SubjectStore,
  splits: Splits = {},
): Promise<BidsReport> {
  const contents = await Promise.all(files.map(read));
  const sidecars = await Promise.all(files.map(readSidecar));
  const parsed = contents.map((content, index) => parseParticipants(files[index]!, content, sidecars[index]!.sidecar));
  const merged = mergeSubjects(parsed.flatMap((table) => table.subjects));
  const report: BidsReport = {
    files: files.length,
    subjects: merged.subjects.length,
    created: 0,
    updated: 0,
    unchanged: 0,
    problems: [
      ...sidecars.flatMap((sidecar) => sidecar.problems),
      ...Object.values(splits as Record<string, SplitRule>).flatMap((rule) => rule.problems),
      ...parsed.flatMap((table) => table.problems),
    ],
    columns: [...new Map(parsed.flatMap(({ columns }) => columns).map((column) => [column.name, column])).values()],
    notes: notesOf(splits, merged.subjects),
    conflicts: merged.conflicts.map(
      ({ subject_id, field, dropped, kept, kept_from }) =>
        `${subject_id}: ${field} is ${String(kept)} in ${kept_from.join(', ')}, which takes the place of ${String(dropped)}`,
    ),
  };
  for (let start = 0; start < merged.subjects.length; start += MAX_SUBJECTS) {
    const batch = merged.subjects.slice(start, start + MAX_SUBJECTS);
    const stored = await subjects.bySubjectIds(batch.map(({ subject_id }) => subject_id));
    const known = new Map(stored.map((subject) => [subject.subject_id, subject]));
    const results = await subjects.upsert(
      batch.map((subject) => ({
        ...additionTo(known.get(subject.subject_id), subject),
        ...splitsOf(splits, subject.subject_id),
      })),
    );
    results.forEach((result, index) => {
      if (typeof result === 'string') report[result]++;
      else
        report.problems.push({
          file: 'all tables',
          line: 0,
          message: `${batch[index]!.subject_id}: ${result.message}`,
        });
    });
  }
  return report;
}

function splitsOf({ challenge1, challenge2 }: Splits, subjectId: string): Pick<SubjectInput, 'splits'> {
  const [first, second] = [challenge1?.of(subjectId), challenge2?.of(subjectId)];
  if (!first && !second) return {};
  return { splits: { ...(first ? { challenge1: first } : {}), ...(second ? { challenge2: second } : {}) } };
}

function notesOf(splits: Splits, subjects: readonly ImportedSubject[]): string[] {
  return Object.entries(splits as Record<string, SplitRule>).flatMap(([challenge, { of, named }]) => {
    if (named === undefined) return [];
    const found = subjects.filter(({ subject_id }) => of(subject_id) !== undefined).length;
    const without = subjects.length - found;
    return [
      ...(named > found
        ? [`${challenge}: ${named - found} subjects of the split file stand in none of the tables`]
        : []),
      ...(without > 0
        ? [`${challenge}: the split file says nothing of ${without} subjects, whose split stays as it is`]
        : []),
    ];
  });
}
