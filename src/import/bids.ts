import { readFile } from 'node:fs/promises';
import { StartupError } from '../errors';
import type { SubjectStore } from '../stores/subjects';
import { MAX_SUBJECTS } from '../stores/subjects';
import { mergeSubjects, parseParticipants, type ImportProblem } from './participants';
import { additionTo } from './stored-subject';

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
export async function importBids(files: readonly string[], subjects: SubjectStore): Promise<BidsReport> {
  const contents = await Promise.all(files.map(read));
  const parsed = contents.map((content, index) => parseParticipants(files[index]!, content));
  const merged = mergeSubjects(parsed.flatMap((table) => table.subjects));
  const report: BidsReport = {
    files: files.length,
    subjects: merged.subjects.length,
    created: 0,
    updated: 0,
    unchanged: 0,
    problems: parsed.flatMap((table) => table.problems),
    conflicts: merged.conflicts.map(
      ({ subject_id, field, dropped, kept, kept_from }) =>
        `${subject_id}: ${field} is ${String(kept)} in ${kept_from.join(', ')}, which takes the place of ${String(dropped)}`,
    ),
  };
  for (let start = 0; start < merged.subjects.length; start += MAX_SUBJECTS) {
    const batch = merged.subjects.slice(start, start + MAX_SUBJECTS);
    const stored = await subjects.bySubjectIds(batch.map(({ subject_id }) => subject_id));
    const known = new Map(stored.map((subject) => [subject.subject_id, subject]));
    const results = await subjects.upsert(batch.map((subject) => additionTo(known.get(subject.subject_id), subject)));
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
