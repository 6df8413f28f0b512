import type { SubjectInput } from '../../types/inputs/SubjectInput';
import type { Subject } from '../../types/Subject';
import { completeSubject, sortReleases, type ImportedSubject } from './subject-record';

/**
 * What to upsert so that the stored subject (undefined: none yet) has what the tables tell besides what it has: their
 * releases and tasks are added, and the flags are drawn from the fields that it has then. So releases may be imported
 * together or one after another, in any order that gives the same values. A flag that is set stays set unless the tables
 * themselves say otherwise; in `phenotypic` the store keeps the keys that are not given.
 */
export function additionTo(stored: Subject | undefined, told: ImportedSubject): SubjectInput {
  const tasks = { ...tasksOf(stored), ...told.eeg_quality?.tasks };
  const age = told.age ?? stored?.age ?? undefined;
  const sex = told.sex ?? stored?.sex ?? undefined;
  const whole = completeSubject({
    subject_id: told.subject_id,
    ...(age !== undefined && { age }),
    ...(sex !== undefined && { sex: sex }),
    releases: sortReleases([...(stored?.releases ?? []), ...told.releases]),
    phenotypic: { ...stored?.phenotypic, ...told.phenotypic } as ImportedSubject['phenotypic'],
    ...(Object.keys(tasks).length > 0 && { eeg_quality: { tasks } }),
  });
  const isPhenotypicTold = typeof told.phenotypic.full_pheno === 'boolean';
  return {
    subjectId: told.subject_id,
    releases: whole.releases,
    hasDemographics: whole.has_demographics || stored?.has_demographics === true,
    hasPhenotypic: whole.has_phenotypic || (!isPhenotypicTold && stored?.has_phenotypic === true),
    phenotypic: told.phenotypic,
    ...(told.age === undefined ? {} : { age: told.age }),
    ...(told.sex === undefined ? {} : { sex: told.sex as NonNullable<SubjectInput['sex']> }),
    ...(told.handedness === undefined
      ? {}
      : { handedness: told.handedness as NonNullable<SubjectInput['handedness']> }),
    // Without a task in these tables nothing is said about the EEG, and what is stored stays.
    ...(told.eeg_quality ? { hasEeg: whole.has_eeg!, eegQuality: { tasks } } : {}),
  };
}

/** The stored state of the tasks; another program may have stored something else than an object. */
function tasksOf(stored: Subject | undefined): NonNullable<ImportedSubject['eeg_quality']>['tasks'] {
  const tasks: unknown = stored?.eeg_quality?.all.tasks;
  return typeof tasks === 'object' && !Array.isArray(tasks) ? { ...tasks } : {};
}
