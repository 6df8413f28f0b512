import { parseParticipants } from '../../src/import/participants';
import { parseSidecar } from '../../src/import/sidecar';

const TABLE = 'participant_id\tage\tsex\tp_factor\tRest\nsub-1\t126\t2\t0.5\tavailable\nsub-2\t90\tM\tn/a\tn/a\n';
const described = (json: unknown) => parseSidecar('participants.json', JSON.stringify(json)).sidecar;

it('tells where each described column is stored', () => {
  const sidecar = described({
    age: { Description: 'Age at the visit' },
    p_factor: { LongName: 'General factor' },
    Rest: { Description: 'State of the recording' },
    iq: { Description: 'Not in the table' },
  });
  expect(parseParticipants('participants.tsv', TABLE, sidecar).columns).toEqual([
    { name: 'age', target: 'age', description: 'Age at the visit' },
    { name: 'p_factor', target: 'phenotypic.p_factor', description: 'General factor' },
    { name: 'Rest', target: 'eeg_quality.tasks.Rest', description: 'State of the recording' },
  ]);
});

it('gives coded values their meaning, and months their years', () => {
  const sidecar = described({
    age: { Units: 'months' },
    sex: { Levels: { 1: 'male', 2: { Description: 'Female' } } },
  });
  const { subjects, problems } = parseParticipants('participants.tsv', TABLE, sidecar);
  expect(problems).toEqual([]);
  expect(subjects).toMatchObject([
    { age: 10.5, sex: 'F' },
    { age: 7.5, sex: 'M' },
  ]);
  // Without the description 2 is no sex.
  expect(parseParticipants('participants.tsv', TABLE).problems).toMatchObject([{ line: 2, column: 'sex' }]);
});

it('refuses an age in a unit that it does not know', () => {
  const { problems } = parseParticipants(
    'participants.tsv',
    TABLE.replace('\t2\t', '\tF\t'),
    described({ age: { Units: 'days' } }),
  );
  expect(problems.map(({ line, column }) => [line, column])).toEqual([
    [2, 'age'],
    [3, 'age'],
  ]);
});

it('names the line of what is not JSON, and the column that is not as BIDS has it', () => {
  expect(parseSidecar('participants.json', '{\n  "age": {\n}\n').problems).toMatchObject([
    { line: 4, message: expect.stringContaining('not JSON') },
  ]);
  const wrong = parseSidecar('participants.json', '{"age": {"Units": 5}}').problems;
  expect(wrong).toMatchObject([
    { message: expect.stringContaining('The description of age.Units is not as BIDS has it') },
  ]);
});
