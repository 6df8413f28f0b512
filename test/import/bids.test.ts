import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../kit/embedded';
import { killProcesses, runCommand, startProcess, type Exit, type ServerProcess } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';

const SYNTHETIC = path.join(REPOSITORY, 'examples/synthetic/participants.tsv');
const SUBJECTS = `query ($last: String) {
  subjects(first: 1000, after: $last) {
    totalCount
    nodes {
      subjectId releases age sex handedness hasEeg hasDemographics hasPhenotypic phenotypic
      eegQuality { all } splits { challenge1 challenge2 } dateAdded
    }
  }
}`;

let store: ProcessStore;

beforeEach(() => (store = newStore()));
afterEach(async () => {
  await killProcesses();
  await store.remove();
});

const serve = (): Promise<ServerProcess> => startProcess({ env: store.env, cwd: store.folder });
const importBids = (...files: string[]): Promise<Exit> =>
  runCommand(['import-bids', ...files], { env: { ...store.env, LOG_LEVEL: 'warn' }, cwd: store.folder });
const subjectsOf = async (server: ServerProcess): Promise<any[]> => {
  const { subjects } = await server.data(SUBJECTS);
  expect(subjects.nodes).toHaveLength(subjects.totalCount);
  return subjects.nodes;
};

/** Writes a table below the working directory, from rows whose cells are separated by blanks. */
function writeTable(file: string, ...rows: string[]): string {
  mkdirSync(path.dirname(path.join(store.folder, file)), { recursive: true });
  writeFileSync(path.join(store.folder, file), rows.map((row) => `${row.replaceAll(' ', '\t')}\n`).join(''));
  return file;
}

function counts(created: number, updated: number, unchanged: number, refused: number): RegExp {
  return new RegExp(
    `^  created    ${created}\n  updated    ${updated}\n  unchanged  ${unchanged}\n  refused    ${refused}( |$)`,
    'm',
  );
}

describe('import-bids', () => {
  it('imports beside a running server, whose answers have the subjects at once; a second time changes nothing', async () => {
    const server = await serve();
    const first = await importBids(SYNTHETIC);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^400 subjects read from 1 table into the database \(.*\):\n/);
    expect(first.stdout).toMatch(counts(400, 0, 0, 0));
    const subjects = await subjectsOf(server);
    expect(subjects).toHaveLength(400);
    expect(subjects.find(({ subjectId }) => subjectId === 'sub-SYN0001')).toMatchObject({
      releases: ['synthetic'],
      age: 14.6877,
      sex: 'F',
      handedness: 'R',
      hasEeg: true,
      hasDemographics: true,
      hasPhenotypic: true,
      phenotypic: { ehq_total: 74.61, p_factor: -0.611, externalizing: -1.235, commercial_use: true },
      eegQuality: { all: { tasks: { RestingState: 'available', ThePresent: 'unavailable' } } },
    });
    const second = await importBids(SYNTHETIC);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(counts(0, 0, 400, 0));
    expect(await subjectsOf(server)).toEqual(subjects);
  });

  it('imports without a server, which has the subjects when it starts', async () => {
    const table = writeTable('R1/participants.tsv', 'participant_id sex age', 'sub-A F 9.5', 'sub-B M 11');
    expect(await importBids(table)).toMatchObject({ code: 0, stderr: '' });
    expect((await importBids(table)).stdout).toMatch(counts(0, 0, 2, 0));
    expect(await subjectsOf(await serve())).toMatchObject([
      { subjectId: 'sub-A', releases: ['R1'], age: 9.5, sex: 'F', hasEeg: null, hasDemographics: true },
      { subjectId: 'sub-B', releases: ['R1'], age: 11, sex: 'M', hasEeg: null, hasDemographics: true },
    ]);
  });

  it('adds what a further release knows, and takes nothing away', async () => {
    const server = await serve();
    const header = 'participant_id release_number sex age p_factor RestingState';
    const second = writeTable('second.tsv', header, 'sub-A R2 F 10 n/a available', 'sub-B R2 M 8 0.5 available');
    const first = writeTable(
      'first.tsv',
      `${header} ThePresent`,
      'sub-A R1 F n/a 1.5 n/a caution',
      'sub-C R1 M 7 0 caution n/a',
    );
    expect((await importBids(second)).stdout).toMatch(counts(2, 0, 0, 0));
    const splits = `mutation { upsertSubjects(subjects: [{ subjectId: "sub-A", splits: { challenge1: VAL } }]) { updated } }`;
    expect(await server.data(splits)).toEqual({ upsertSubjects: { updated: 1 } });
    expect((await importBids(first)).stdout).toMatch(counts(1, 1, 0, 0));
    expect(await subjectsOf(server)).toMatchObject([
      {
        subjectId: 'sub-A',
        releases: ['R1', 'R2'],
        age: 10,
        hasDemographics: true,
        hasPhenotypic: true,
        hasEeg: true,
        phenotypic: { p_factor: 1.5 },
        eegQuality: { all: { tasks: { RestingState: 'available', ThePresent: 'caution' } } },
        splits: { challenge1: 'VAL', challenge2: null },
      },
      { subjectId: 'sub-B', releases: ['R2'], age: 8 },
      { subjectId: 'sub-C', releases: ['R1'], age: 7 },
    ]);
    // In whichever order and however often they come again.
    expect((await importBids(second)).stdout).toMatch(counts(0, 0, 2, 0));
    expect((await importBids(first, second)).stdout).toMatch(counts(0, 0, 3, 0));
  });

  it('reads a subject of several tables as one, and says where they disagree', async () => {
    const first = writeTable('R1.tsv', 'participant_id release_number age', 'sub-A R1 9', 'sub-B R1 7');
    const second = writeTable('R2.tsv', 'participant_id release_number age', 'sub-A R2 10');
    const { code, stdout, stderr } = await importBids(first, second);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 subjects read from 2 tables/);
    expect(stderr).toMatch(/^sub-A: age is 10 in .*R2.*, which takes the place of 9\n$/);
    expect(await subjectsOf(await serve())).toMatchObject([
      { subjectId: 'sub-A', releases: ['R1', 'R2'], age: 10 },
      { subjectId: 'sub-B', releases: ['R1'], age: 7 },
    ]);
  });

  it('reports each broken row with its line and column, imports the others and ends with 1', async () => {
    const table = writeTable(
      'participants.tsv',
      'participant_id release_number sex age',
      'sub-A R1 F 9',
      'sub-B R1 X nine',
      'sub-C R1',
      'n/a R1 F 9',
      'sub-D R1 M 12',
    );
    const { code, stdout, stderr } = await importBids(table);
    expect(code).toBe(1);
    expect(stderr.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'participants.tsv:3: sex',
      'participants.tsv:3: age',
      'participants.tsv:4: The row has 2 cells, the header 4.',
      'participants.tsv:5: participant_id',
      '',
    ]);
    expect(stdout).toMatch(counts(2, 0, 0, 4));
    const subjects = await subjectsOf(await serve());
    expect(subjects.map(({ subjectId }) => subjectId)).toEqual(['sub-A', 'sub-D']);
  });

  it('reports a subject that the store refuses, and imports the others', async () => {
    const long = `sub-${'x'.repeat(300)}`;
    const table = writeTable('participants.tsv', 'participant_id age', `${long} 9`, 'sub-B 7');
    const { code, stdout, stderr } = await importBids(table);
    expect(code).toBe(1);
    expect(stderr).toContain(long);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toMatch(counts(1, 0, 0, 1));
  });

  it('sets splits by a file or by ratios, and tells what the descriptions beside a table say', async () => {
    const table = writeTable('participants.tsv', 'participant_id age', 'sub-A 9', 'sub-B 7', 'sub-C 8');
    writeFileSync(path.join(store.folder, 'participants.json'), '{"age": {"Description": "Years at the visit"}}');
    const splits = writeTable(
      'splits.tsv',
      'participant_id split',
      'sub-A train',
      'sub-B test',
      'sub-X val',
      'sub-C 3',
    );
    const server = await serve();
    const first = await importBids(
      table,
      '--challenge1-splits',
      splits,
      '--challenge2-splits',
      '0:1:0',
      '--split-seed',
      '4',
    );
    expect(first.code).toBe(1);
    expect(first.stderr.split('\n')).toEqual([
      'splits.tsv:5: split: sub-C: "3" is not train, val, test or n/a.',
      'challenge1: 1 subjects of the split file stand in none of the tables',
      'challenge1: the split file says nothing of 1 subjects, whose split stays as it is',
      '',
    ]);
    expect(first.stdout).toMatch(counts(3, 0, 0, 1));
    expect(first.stdout).toMatch(/^Columns that are described:\n {2}age → age: Years at the visit$/m);
    const stored = await subjectsOf(server);
    expect(stored.map(({ splits: { challenge1, challenge2 } }) => [challenge1, challenge2])).toEqual([
      ['TRAIN', 'VAL'],
      ['TEST', 'VAL'],
      [null, 'VAL'],
    ]);
    // Without the options they stay.
    expect((await importBids(table)).stdout).toMatch(counts(0, 0, 3, 0));
    for (const [wrong, sentence] of [
      ['0.8:0.2', /^0\.8:0\.2 is neither three ratios such as 0\.8:0\.1:0\.1 \(train, val, test\) nor a file .*\n$/],
      [table, /^participants\.tsv has no columns participant_id and split, separated by tabs\.\n$/],
    ] as const) {
      const { code, stderr } = await importBids(table, '--challenge1-splits', wrong);
      expect(code).toBe(1);
      expect(stderr).toMatch(sentence);
    }
  });

  it('says in a sentence what is wrong with its call, and imports nothing then', async () => {
    const good = writeTable('good.tsv', 'participant_id age', 'sub-A 9');
    const wrong = { ...store.env, MONGODB_URI: 'localhost' };
    const calls: [string[], NodeJS.Dict<string>, RegExp][] = [
      [[good, 'missing.tsv'], store.env, /^missing\.tsv can't be read: .*\n$/],
      [[good, '.'], store.env, /^\. can't be read: .*\n$/],
      [[], store.env, /^error: missing required argument 'file'\n$/],
      [[good], wrong, /^The configuration is wrong[^]*\n {2}MONGODB_URI must be a connection string.*\n.*\n$/],
    ];
    for (const [files, env, sentence] of calls) {
      const { code, stdout, stderr } = await runCommand(['import-bids', ...files], { env, cwd: store.folder });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(sentence);
    }
    expect(await subjectsOf(await serve())).toEqual([]);
  });
});

// The HBN-EEG tables are not part of the project: where they lie beside it, they are imported too.
const hbn = path.resolve(REPOSITORY, '../shared/data/hbn-eeg');
if (existsSync(hbn)) {
  it('import-bids takes three releases of HBN-EEG whole, one by one or together', async () => {
    const tables = ['R1', 'R2', 'R3'].map((release) => path.join(hbn, `${release}-participants.tsv`));
    const server = await serve();
    expect(await importBids(tables[1]!)).toMatchObject({ code: 0, stderr: '' });
    const all = await importBids(...tables);
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout).toMatch(/^470 subjects read from 3 tables/);
    expect(all.stdout).toMatch(counts(320, 0, 150, 0));
    const subjects = await subjectsOf(server);
    expect(subjects).toHaveLength(470);
    const ofRelease = (release: string): number =>
      subjects.filter(({ releases }) => (releases as string[]).join() === release).length;
    expect(['R1', 'R2', 'R3'].map(ofRelease)).toEqual([136, 150, 184]);
    expect(subjects.filter(({ phenotypic }) => 'externalizing' in phenotypic)).toHaveLength(132 + 147 + 180);
    expect((await importBids(...tables.toReversed())).stdout).toMatch(counts(0, 0, 470, 0));
  });
}
