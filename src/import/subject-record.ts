/** A recording's state, as the task columns of an HBN-EEG participants table give it. */
export type Availability = 'available' | 'unavailable' | 'caution';

/**
 * A subject as a table tells it, in the shape that is stored; what the table does not tell is absent, so that an import
 * never overwrites a known value by nothing. Keys of `phenotypic` and `tasks` are the table's column names as written:
 * whoever stores them encodes them (src/stores/names).
 */
export interface ImportedSubject {
  subject_id: string;
  /** In years. */
  age?: number;
  sex?: 'F' | 'M';
  handedness?: 'R' | 'L' | 'A';
  /** Ascending (R2 before R10), each once; empty where neither the table nor its path tells the release. */
  releases: string[];
  /** Whether any task is available or available with caution; absent where no task's state is known. */
  has_eeg?: boolean;
  /** Whether both age and sex are known. */
  has_demographics: boolean;
  /** What `full_pheno` says or, where it is not given, whether there is any value beside `commercial_use`. */
  has_phenotypic: boolean;
  phenotypic: Record<string, number | boolean | string>;
  eeg_quality?: { tasks: Record<string, Availability> };
}

/** What can't be imported, and where: `line` counts from 1, the header's line, and `column` is the column's name. */
export interface ImportProblem {
  file: string;
  line: number;
  column?: string;
  message: string;
}

/** What a table gives itself; the other fields of a subject follow from these. */
export type SubjectFacts = Omit<ImportedSubject, 'has_eeg' | 'has_demographics' | 'has_phenotypic'>;

const releaseOrder = new Intl.Collator('en', { numeric: true });

/** Releases ascending, numbers by their size, each once. */
export function sortReleases(releases: Iterable<string>): string[] {
  return [...new Set(releases)].sort(releaseOrder.compare);
}

/** The subject with the three flags that follow from its other fields. */
export function completeSubject(facts: SubjectFacts): ImportedSubject {
  const tasks = Object.values(facts.eeg_quality?.tasks ?? {});
  const fullPheno = facts.phenotypic.full_pheno;
  return {
    ...facts,
    ...(tasks.length > 0 && { has_eeg: tasks.some((task) => task !== 'unavailable') }),
    has_demographics: facts.age !== undefined && facts.sex !== undefined,
    has_phenotypic:
      typeof fullPheno === 'boolean'
        ? fullPheno
        : Object.keys(facts.phenotypic).some((name) => name !== 'commercial_use'),
  };
}
