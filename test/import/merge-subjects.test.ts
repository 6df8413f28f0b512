import { mergeSubjects, parseParticipants } from '../../src/import/participants';

const subjectsOf = (release: string, ...rows: string[]) =>
  parseParticipants(`${release}/participants.tsv`, rows.map((row) => row.replaceAll(' ', '\t')).join('\n')).subjects;

describe('mergeSubjects', () => {
  it('makes one record of a subject in several releases, the releases in ascending order', () => {
    const tables = ['R10', 'R2', 'R1', 'R2'].flatMap((release) => subjectsOf(release, 'participant_id age', 'sub-A 9'));
    const { subjects, conflicts } = mergeSubjects(tables);
    expect(subjects).toMatchObject([{ subject_id: 'sub-A', age: 9, releases: ['R1', 'R2', 'R10'] }]);
    expect(conflicts).toEqual([]);
  });

  it('lets the later table win a field, keeps what only the earlier one tells, and lists the conflicts', () => {
    const { subjects, conflicts } = mergeSubjects([
      ...subjectsOf('R1', 'participant_id age sex p_factor Rest Movie', 'sub-A 9 F 0.5 available available'),
      ...subjectsOf('R2', 'participant_id age p_factor attention Rest', 'sub-A 10 n/a 0.1 unavailable'),
    ]);
    expect(subjects).toEqual([
      {
        subject_id: 'sub-A',
        age: 10,
        sex: 'F',
        releases: ['R1', 'R2'],
        has_eeg: true,
        has_demographics: true,
        has_phenotypic: true,
        phenotypic: { p_factor: 0.5, attention: 0.1 },
        eeg_quality: { tasks: { Rest: 'unavailable', Movie: 'available' } },
      },
    ]);
    const from = { subject_id: 'sub-A', dropped_from: ['R1'], kept_from: ['R2'] };
    expect(conflicts).toEqual([
      { ...from, field: 'age', dropped: 9, kept: 10 },
      { ...from, field: 'eeg_quality.tasks.Rest', dropped: 'available', kept: 'unavailable' },
    ]);
  });

  it('draws the flags from the merged fields', () => {
    const { subjects } = mergeSubjects([
      ...subjectsOf('R1', 'participant_id age full_pheno Rest', 'sub-A 9 Yes available'),
      ...subjectsOf('R2', 'participant_id sex full_pheno Rest', 'sub-A F No unavailable'),
    ]);
    expect(subjects).toMatchObject([{ has_demographics: true, has_phenotypic: false, has_eeg: false }]);
  });

  it('keeps the order of first appearance and leaves its input alone', () => {
    const records = [
      ...subjectsOf('R1', 'participant_id age', 'sub-B 1', 'sub-A 2'),
      ...subjectsOf('R2', 'participant_id age', 'sub-A 3', 'sub-C 4'),
    ];
    const before = structuredClone(records);
    const { subjects } = mergeSubjects(records);
    expect(subjects.map((subject) => subject.subject_id)).toEqual(['sub-B', 'sub-A', 'sub-C']);
    expect(records).toEqual(before);
  });
});
