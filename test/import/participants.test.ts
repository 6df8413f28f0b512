import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseParticipants } from '../../src/import/participants';

const table = (...rows: string[]) => rows.map((row) => row.replaceAll(' ', '\t')).join('\n') + '\n';
const parseRows = (...rows: string[]) => parseParticipants('participants.tsv', table(...rows));

describe('parseParticipants', () => {
  it('maps a row to the stored shape', () => {
    const { subjects, problems } = parseRows(
      'participant_id release_number sex age ehq_total commercial_use full_pheno p_factor RestingState symbolSearch',
      'sub-A R1 F 11.3386 71.17 Yes Yes -0.603 available caution',
    );
    expect(problems).toEqual([]);
    expect(subjects).toEqual([
      {
        subject_id: 'sub-A',
        age: 11.3386,
        sex: 'F',
        handedness: 'R',
        releases: ['R1'],
        has_eeg: true,
        has_demographics: true,
        has_phenotypic: true,
        phenotypic: { ehq_total: 71.17, commercial_use: true, full_pheno: true, p_factor: -0.603 },
        eeg_quality: { tasks: { RestingState: 'available', symbolSearch: 'caution' } },
      },
    ]);
  });

  it('leaves out what is missing, so that nothing overwrites a known value', () => {
    const { subjects, problems } = parseRows(
      'participant_id release_number sex age ehq_total commercial_use full_pheno p_factor RestingState',
      'sub-A n/a n/a n/a n/a n/a n/a n/a n/a',
      'sub-B R1 F 9 0 No No 1 available',
    );
    expect(problems).toEqual([]);
    expect(subjects[0]).toEqual({
      subject_id: 'sub-A',
      releases: [],
      has_demographics: false,
      has_phenotypic: false,
      phenotypic: {},
    });
  });

  it.each([
    ['40.01', 'R'],
    ['40', 'A'],
    ['0', 'A'],
    ['-40', 'A'],
    ['-40.01', 'L'],
  ])('reads an ehq_total of %s as handedness %s', (total, handedness) => {
    const [subject] = parseRows('participant_id ehq_total', `sub-A ${total}`).subjects;
    expect(subject).toMatchObject({ handedness, phenotypic: { ehq_total: Number(total) } });
  });

  it('lets a handedness column outrank the ehq_total, wherever it stands', () => {
    const [subject] = parseRows('participant_id ehq_total handedness', 'sub-A 90 left').subjects;
    expect(subject?.handedness).toBe('L');
  });

  it('tells has_eeg from the tasks, and leaves it open where none is known', () => {
    const { subjects } = parseRows(
      'participant_id RestingState ThePresent',
      'sub-A unavailable caution',
      'sub-B unavailable n/a',
      'sub-C n/a n/a',
    );
    expect(subjects.map((subject) => subject.has_eeg)).toEqual([true, false, undefined]);
  });

  it('tells has_phenotypic from full_pheno, and without it from the values', () => {
    const told = parseRows('participant_id full_pheno p_factor', 'sub-A No 1', 'sub-B Yes n/a').subjects;
    expect(told.map((subject) => subject.has_phenotypic)).toEqual([false, true]);
    const untold = parseRows('participant_id commercial_use p_factor', 'sub-A Yes 1', 'sub-B Yes n/a').subjects;
    expect(untold.map((subject) => subject.has_phenotypic)).toEqual([true, false]);
  });

  it('keeps columns it has no meaning for: numbers as numbers, words as text, a third sex under phenotypic', () => {
    const { subjects, problems } = parseRows('participant_id iq site sex', 'sub-A 101 RUBIC O', 'sub-B 98.5 CBIC m');
    expect(problems).toEqual([]);
    expect(subjects[0]).toMatchObject({ phenotypic: { iq: 101, site: 'RUBIC', sex: 'O' } });
    expect(subjects[0]).not.toHaveProperty('sex');
    expect(subjects[1]).toMatchObject({ sex: 'M', phenotypic: { iq: 98.5, site: 'CBIC' } });
  });

  it.each([
    ['R3-participants.tsv', ['R3']],
    ['data/R11/participants.tsv', ['R11']],
    ['cmi_bids_R2/participants.tsv', ['R2']],
    ['R5/R6-participants.tsv', ['R6']],
    ['R1_and_R2/participants.tsv', []],
    ['HER2/participants.tsv', []],
    ['R1/study/participants.tsv', []],
  ])('takes the release of %s from its path: %j', (file, releases) => {
    const [subject] = parseParticipants(file, table('participant_id age', 'sub-A 9')).subjects;
    expect(subject?.releases).toEqual(releases);
  });

  it('trusts the release_number column more than the path', () => {
    const text = table('participant_id release_number', 'sub-A R1', 'sub-B n/a');
    const { subjects } = parseParticipants('R4-participants.tsv', text);
    expect(subjects.map((subject) => subject.releases)).toEqual([['R1'], ['R4']]);
  });

  it('accepts a byte order mark, CRLF, blank lines, no last line end, and quotation marks as characters', () => {
    const text = '\uFEFFparticipant_id\tage\tnote\r\nsub-A\t9\t"x\r\n\r\nsub-B\told\ty"z';
    for (const content of [text, Buffer.from(text)]) {
      const { subjects, problems } = parseParticipants('participants.tsv', content);
      expect(subjects).toMatchObject([{ subject_id: 'sub-A', age: 9, phenotypic: { note: '"x' } }]);
      expect(problems).toMatchObject([{ file: 'participants.tsv', line: 4, column: 'age' }]);
    }
  });

  it('refuses a row with a problem, naming line and column, and takes the others', () => {
    const { subjects, problems } = parseRows(
      'participant_id sex age p_factor full_pheno RestingState',
      'sub-A F 9 1 Yes available',
      'sub-B X nine 1e999 yes maybe',
      'sub-C M -1 0 No unavailable',
      'sub-D M 8 0x10 No unavailable',
    );
    expect(subjects.map((subject) => subject.subject_id)).toEqual(['sub-A']);
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [3, 'sex'],
      [3, 'age'],
      [3, 'p_factor'],
      [3, 'full_pheno'],
      [3, 'RestingState'],
      [4, 'age'],
      [5, 'p_factor'],
    ]);
    expect(problems[1]?.message).toContain('sub-B: "nine" is not a number');
  });

  it('reports a word among the numbers of a column it does not know', () => {
    const { problems } = parseRows('participant_id iq', 'sub-A 100', 'sub-B 99', 'sub-C 9O');
    expect(problems).toMatchObject([{ line: 4, column: 'iq' }]);
  });

  it('refuses an integer that a double cannot hold exactly', () => {
    expect(parseRows('participant_id p_factor', 'sub-A 9007199254740993').problems).toHaveLength(1);
  });

  it('reports short and long rows', () => {
    const { subjects, problems } = parseRows('participant_id age', 'sub-A', 'sub-B 9 1', 'sub-C 9');
    expect(subjects).toHaveLength(1);
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'The row has 1 cells, the header 2.'],
      [3, 'The row has 3 cells, the header 2.'],
    ]);
  });

  it('reports a missing id', () => {
    const { subjects, problems } = parseRows('age participant_id', '9 n/a', '9 ', '9 sub-A');
    expect(subjects).toHaveLength(1);
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [2, 'participant_id'],
      [3, 'participant_id'],
    ]);
  });

  it('takes an equal row twice as one subject, and of two that differ neither', () => {
    const { subjects, problems } = parseRows(
      'participant_id age',
      'sub-A 9',
      'sub-A 9',
      'sub-B 8',
      'sub-B 7',
      'sub-B 8',
    );
    expect(subjects.map((subject) => subject.subject_id)).toEqual(['sub-A']);
    expect(problems).toMatchObject([{ line: 5, column: 'participant_id' }]);
    expect(problems[0]?.message).toContain('line 4');
  });

  it.each([
    ['an empty file', '', 'empty'],
    ['no participant_id column', 'subject\tage\nsub-A\t9\n', 'no participant_id column'],
    ['commas for tabs', 'participant_id,age\nsub-A,9\n', 'no participant_id column'],
    ['a column name twice', 'participant_id\tage\tage\nsub-A\t9\t9\n', 'Columns 2 and 3'],
    ['a column without a name', 'participant_id\t\nsub-A\t9\n', 'Column 2'],
    ['a column named __proto__', 'participant_id\t__proto__\nsub-A\t9\n', '__proto__'],
    ['line ends of bare carriage returns', 'participant_id\tage\rsub-A\t9\r', 'carriage return'],
  ])('refuses %s', (_, text, message) => {
    const { subjects, problems } = parseParticipants('participants.tsv', text);
    expect(subjects).toEqual([]);
    expect(problems[0]).toMatchObject({ file: 'participants.tsv', line: 1 });
    expect(problems[0]?.message).toContain(message);
  });

  it('refuses bytes that are not UTF-8, naming the line', () => {
    const latin1 = Buffer.from('participant_id\tsite\nsub-A\tLiège\n', 'latin1');
    expect(parseParticipants('participants.tsv', latin1)).toEqual({
      subjects: [],
      columns: [],
      problems: [{ file: 'participants.tsv', line: 2, message: 'The text is not UTF-8. Save the table as UTF-8.' }],
    });
    const utf16 = Buffer.from('\uFEFFparticipant_id\tage\n', 'utf16le');
    expect(parseParticipants('participants.tsv', utf16).problems[0]?.message).toContain('UTF-8');
  });

  it('reads the invented table of the examples whole', () => {
    const file = resolve(__dirname, '../../examples/synthetic/participants.tsv');
    const { subjects, problems } = parseParticipants(file, readFileSync(file));
    expect(problems).toEqual([]);
    expect(subjects).toHaveLength(400);
    expect(subjects.every((subject) => subject.releases[0] === 'synthetic')).toBe(true);
  });
});

// The HBN-EEG tables are not part of the project: where they lie beside it, they are read too.
const hbn = resolve(__dirname, '../../../shared/data/hbn-eeg');
if (existsSync(hbn)) {
  // Counted with awk in the tables.
  describe.each([
    { release: 'R1', rows: 136, R: 110, L: 11, A: 13, fullPheno: 131, scored: 132, caution: 51, available: 1346 },
    { release: 'R2', rows: 150, R: 107, L: 6, A: 31, fullPheno: 132, scored: 147, caution: 82, available: 1390 },
    { release: 'R3', rows: 184, R: 120, L: 17, A: 41, fullPheno: 94, scored: 180, caution: 187, available: 1774 },
  ])('the participants of HBN-EEG $release', ({ release, rows, R, L, A, fullPheno, scored, caution, available }) => {
    const file = resolve(hbn, `${release}-participants.tsv`);
    const { subjects, problems } = parseParticipants(file, readFileSync(file));

    it('are read whole', () => {
      expect(problems).toEqual([]);
      expect(subjects).toHaveLength(rows);
      expect(subjects.every((subject) => subject.releases.join() === release && subject.has_eeg)).toBe(true);
      expect(subjects.every((subject) => subject.has_demographics && subject.phenotypic.commercial_use)).toBe(true);
    });

    it('count as the tables do', () => {
      const count = (test: (subject: (typeof subjects)[number]) => boolean) => subjects.filter(test).length;
      const hands = (['R', 'L', 'A'] as const).map((hand) => count((subject) => subject.handedness === hand));
      expect(hands).toEqual([R, L, A]);
      expect(count((subject) => subject.has_phenotypic)).toBe(fullPheno);
      expect(count((subject) => 'externalizing' in subject.phenotypic)).toBe(scored);
      const tasks = subjects.flatMap((subject) => Object.values(subject.eeg_quality?.tasks ?? {}));
      expect(tasks.filter((task) => task === 'caution')).toHaveLength(caution);
      expect(tasks.filter((task) => task === 'available')).toHaveLength(available);
    });
  });
}
