import { Handedness } from '../../types/enums/Handedness';
import { Sex } from '../../types/enums/Sex';
import { Split } from '../../types/enums/Split';
import type { SubjectInput } from '../../types/inputs/SubjectInput';
import { derivedId } from '../import/derived-ids';
import type { Draws } from './draws';

export const SUBJECTS = 240;

const TASKS = [
  'RestingState',
  'DespicableMe',
  'ThePresent',
  'contrastChangeDetection_1',
  'surroundSupp_1',
  'symbolSearch',
];
const ADDED_DAYS_AGO = 90;

/** The subjects of the demo; the same draws and the same moment give the same subjects. */
export function* drawSubjects(draws: Draws, asOf: Date): Generator<SubjectInput & { id: string }> {
  const dateAdded = new Date(asOf.getTime() - ADDED_DAYS_AGO * 86_400_000);
  for (let number = 1; number <= SUBJECTS; number++) {
    const general = draws.normal();
    const score = () => Number((0.6 * general + 0.8 * draws.normal()).toFixed(3));
    const ehqTotal = Number(
      Math.max(-100, Math.min(100, draws.chance(0.88) ? draws.normal(76, 18) : draws.normal(-60, 30))).toFixed(2),
    );
    const tasks = Object.fromEntries(
      TASKS.map((task) => [task, draws.chance(0.9) ? 'available' : draws.chance(0.5) ? 'caution' : 'unavailable']),
    );
    const split = draws.chance(0.7) ? Split.TRAIN : draws.chance(0.5) ? Split.VAL : Split.TEST;
    const release = draws.of(['R1', 'R2', 'R3']);
    const subjectId = `sub-DEMO${String(number).padStart(4, '0')}`;
    yield {
      id: derivedId(['demo', 'subject', subjectId], dateAdded.getTime()),
      subjectId,
      dateAdded,
      age: Number(Math.max(5, Math.min(21.9, 5 + Math.abs(draws.normal(0, 5.2)))).toFixed(2)),
      sex: draws.chance(0.64) ? Sex.M : Sex.F,
      handedness: ehqTotal > 40 ? Handedness.R : ehqTotal < -40 ? Handedness.L : Handedness.A,
      releases: release === 'R1' && draws.chance(0.1) ? ['R1', 'R2'] : [release],
      hasEeg: Object.values(tasks).some((state) => state !== 'unavailable'),
      hasDemographics: true,
      hasPhenotypic: true,
      phenotypic: {
        p_factor: Number(general.toFixed(3)),
        attention: score(),
        internalizing: score(),
        externalizing: score(),
        ehq_total: ehqTotal,
      },
      eegQuality: { n_channels: 129, sampling_rate: 500, tasks },
      splits: { challenge1: split, challenge2: split },
    };
  }
}
