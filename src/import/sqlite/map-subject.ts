import { Sex } from '../../../types/enums/Sex';
import type { SubjectInput } from '../../../types/inputs/SubjectInput';
import type { Subject } from '../../../types/Subject';
import { sortReleases } from '../subject-record';
import { quantity } from './map-epoch';
import { splitReleases } from './map-run';
import type { RowReader } from './row-reader';
import { TABLES } from './tables';

const KNOWN: ReadonlySet<string> = new Set(TABLES.subjects);
const SEX: ReadonlyMap<string, Sex> = new Map([
  ['f', Sex.F],
  ['female', Sex.F],
  ['m', Sex.M],
  ['male', Sex.M],
]);

/** A subject as one row tells it, undefined where the row names none. */
export function mapSubject(reader: RowReader): SubjectInput | undefined {
  const subjectId = reader.text('subject_id')?.trim();
  if (!subjectId) return undefined;
  const age = quantity(reader, 'age');
  const written = reader.text('sex')?.trim();
  const sex = SEX.get(written?.toLowerCase() ?? '');
  if (written && !sex)
    reader.repair('sex: neither F nor M, kept as phenotypic.sex', `sex: ${written} is kept as phenotypic.sex`);
  const sessions = reader.number('n_sessions');
  const trials = reader.number('n_trials');
  const phenotypic = told({
    p_factor: finite(reader, 'p_factor'),
    sex: sex ? undefined : written || undefined,
    ...Object.fromEntries(reader.columnsBeside(KNOWN).map((column) => [column, plainValue(reader, column)])),
  });
  const eegQuality = told({
    n_sessions: sessions,
    n_trials: trials,
    data_quality: plainValue(reader, 'data_quality'),
    notes: reader.text('notes'),
  });
  const isRecorded =
    sessions === undefined && trials === undefined ? undefined : (sessions ?? 1) > 0 && (trials ?? 1) > 0;
  return {
    subjectId,
    releases: splitReleases(reader.text('release') ?? ''),
    ...told({ age, sex, hasEeg: isRecorded }),
    ...(Object.keys(phenotypic).length > 0 ? { phenotypic } : {}),
    ...(Object.keys(eegQuality).length > 0 ? { eegQuality } : {}),
  };
}

/** One subject of two rows: what the later one tells takes the place of the same of the earlier, releases are added. */
export function mergeRows(earlier: SubjectInput, later: SubjectInput): SubjectInput {
  return {
    ...earlier,
    ...later,
    releases: sortReleases([...(earlier.releases ?? []), ...(later.releases ?? [])]),
    ...(earlier.phenotypic || later.phenotypic ? { phenotypic: { ...earlier.phenotypic, ...later.phenotypic } } : {}),
    ...(earlier.eegQuality || later.eegQuality ? { eegQuality: { ...earlier.eegQuality, ...later.eegQuality } } : {}),
  };
}

/** What to upsert so that the stored subject has what the file tells besides what it has. */
export function additionToStored(stored: Subject | undefined, input: SubjectInput): SubjectInput {
  const age = input.age ?? stored?.age;
  const sex = input.sex ?? stored?.sex;
  const hasScores = input.phenotypic != null && Object.keys(input.phenotypic).some((name) => name !== 'sex');
  return {
    ...input,
    releases: sortReleases([...(stored?.releases ?? []), ...(input.releases ?? [])]),
    hasDemographics: (age != null && sex != null) || stored?.has_demographics === true,
    hasPhenotypic: hasScores || stored?.has_phenotypic === true,
  };
}

function finite(reader: RowReader, column: string): number | undefined {
  const value = reader.number(column);
  if (value === undefined || Number.isFinite(value)) return value;
  reader.repair(`${column}: not finite, left out`, `${column}: ${value} was left out`);
  return undefined;
}

/** A number as a number, anything else as text. */
function plainValue(reader: RowReader, column: string): number | string | undefined {
  const cell = reader.row[column];
  return typeof cell === 'number' || typeof cell === 'bigint' ? finite(reader, column) : reader.text(column);
}

function told<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
