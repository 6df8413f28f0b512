import { completeSubject, sortReleases, type ImportedSubject, type SubjectFacts } from './subject-record';

/** Two tables that disagree about a subject: the value of the later one was taken. */
export interface MergeConflict {
  subject_id: string;
  /** Path of the field in the stored record, such as `age` or `phenotypic.p_factor`. */
  field: string;
  /** Releases of the records that gave `dropped`, and of the one that gave `kept`. */
  dropped_from: string[];
  kept_from: string[];
  dropped: unknown;
  kept: unknown;
}

/**
 * One record a subject, in the order of first appearance. A subject in several tables gets all of their releases; of
 * every field the last table that tells it wins, and where that changes a value the conflict is listed. The flags
 * (has_eeg and so on) are drawn from the merged fields anew. The records given are left as they are.
 */
export function mergeSubjects(records: readonly ImportedSubject[]): {
  subjects: ImportedSubject[];
  conflicts: MergeConflict[];
} {
  const merged = new Map<string, ImportedSubject>();
  const conflicts: MergeConflict[] = [];
  for (const record of records) {
    const earlier = merged.get(record.subject_id);
    if (earlier) conflicts.push(...conflictsOf(earlier, record));
    merged.set(record.subject_id, completeSubject(earlier ? combine(earlier, record) : factsOf(record)));
  }
  return { subjects: [...merged.values()], conflicts };
}

function factsOf(record: ImportedSubject): SubjectFacts {
  const { subject_id, age, sex, handedness, releases, phenotypic, eeg_quality } = record;
  return {
    subject_id,
    ...(age !== undefined && { age }),
    ...(sex !== undefined && { sex }),
    ...(handedness !== undefined && { handedness }),
    releases: sortReleases(releases),
    phenotypic: { ...phenotypic },
    ...(eeg_quality && { eeg_quality: { tasks: { ...eeg_quality.tasks } } }),
  };
}

function combine(earlier: ImportedSubject, later: ImportedSubject): SubjectFacts {
  const [before, after] = [factsOf(earlier), factsOf(later)];
  const tasks = { ...before.eeg_quality?.tasks, ...after.eeg_quality?.tasks };
  return {
    ...before,
    ...after,
    releases: sortReleases([...before.releases, ...after.releases]),
    phenotypic: { ...before.phenotypic, ...after.phenotypic },
    ...(Object.keys(tasks).length > 0 && { eeg_quality: { tasks } }),
  };
}

function conflictsOf(earlier: ImportedSubject, later: ImportedSubject): MergeConflict[] {
  const before = new Map(valuesOf(earlier));
  return valuesOf(later)
    .filter(([field, value]) => before.has(field) && before.get(field) !== value)
    .map(([field, kept]) => ({
      subject_id: later.subject_id,
      field,
      dropped_from: earlier.releases,
      kept_from: later.releases,
      dropped: before.get(field),
      kept,
    }));
}

/** The values that a record tells, by their path. */
function valuesOf(record: ImportedSubject): [string, unknown][] {
  const { age, sex, handedness, phenotypic, eeg_quality } = record;
  const own: [string, unknown][] = Object.entries({ age, sex, handedness }).filter(([, value]) => value !== undefined);
  const under = (path: string, values: object): [string, unknown][] =>
    Object.entries(values).map(([name, value]) => [`${path}.${name}`, value]);
  return [...own, ...under('phenotypic', phenotypic), ...under('eeg_quality.tasks', eeg_quality?.tasks ?? {})];
}
