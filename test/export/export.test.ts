import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp, type Document } from 'mongodb';
import { pino } from 'pino';
import { exportTo, type ExportFormat } from '../../src/export/export';
import { importFrom, openExport, type ImportCounts, type ImportProblem } from '../../src/export/import';
import { createStores } from '../../src/stores';
import { RawDocuments } from '../../src/stores/raw-documents';
import { openTestDatabase, type TestDatabase } from '../kit/database';
import { temporaryFolder } from '../kit/embedded';

let work: ReturnType<typeof temporaryFolder>;
let from: TestDatabase;
let to: TestDatabase;

beforeEach(async () => {
  work = temporaryFolder();
  [from, to] = [await openTestDatabase(), await openTestDatabase()];
});
afterEach(async () => {
  await from.drop();
  await to.drop();
  work.remove();
});

const inFolder = (name: string) => path.join(work.folder, name);
const silent = pino({ level: 'silent' });
const storesOf = ({ database }: TestDatabase) => createStores(database, silent, { stalledAfterMinutes: 5 });

async function write(
  test: TestDatabase,
  name: string,
  format: ExportFormat = 'ndjson',
  filter: Document | null = null,
) {
  const folder = inFolder(name);
  const options = { folder, format, filter, filterText: filter && JSON.stringify(filter), createdBy: 'test' };
  const manifest = await exportTo(new RawDocuments(test.database), options);
  return { folder, manifest };
}

async function read(test: TestDatabase, folder: string, unverified = false) {
  const problems: ImportProblem[] = [];
  const files = await openExport(folder, unverified);
  const onProblem = (problem: ImportProblem) => problems.push(problem);
  const counts = await importFrom(new RawDocuments(test.database), { folder, files, onProblem });
  const shown = (of: ImportCounts | undefined) =>
    (['created', 'unchanged', 'kept', 'refused'] as const).flatMap((fate) => (of?.[fate] ? `${fate} ${of[fate]}` : []));
  return { problems, fates: Object.fromEntries([...counts].map(([name, of]) => [name, shown(of).join(', ')])) };
}

const textOf = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');

/** Two runs through the stores, and documents of another program with every type that BSON has a plain use for. */
async function seed(): Promise<{ run: string; foreign: ObjectId }> {
  const stores = storesOf(from);
  const { experiment } = await stores.experiments.create({
    name: 'rün "1",\n2',
    challenge: 2,
    config: { batch_size: 16, 'a.b': 1, nested: { list: [1, 2.5, null, true] } },
    tags: ['a'],
  });
  const run = String(experiment._id);
  const values = [NaN, -0, Infinity, -Infinity, 5e-324, 0.1 + 0.2, 1, 1e21, -123456789.123];
  await stores.epochWriter.logMany(
    new ObjectId(run),
    values.map((value, epoch) => ({
      epoch,
      metrics: new Map([
        ['val_loss', value],
        [`only.in ${epoch},"\u2028`, epoch],
      ]),
      timing: { durationSeconds: 3, epochStart: new Date(1.7e12 + epoch) },
    })),
    'ERROR' as never,
  );
  await stores.checkpoints.save({ experimentId: run, epoch: 1, file: { path: 'a.pt', sizeMb: 2 }, isBest: true });
  await stores.subjects.upsert([{ subjectId: 'sub-1', age: 10, phenotypic: { p$: 1 } }]);

  const foreign = new ObjectId();
  const { experiments, epochs } = from.database.collections;
  await experiments.insertOne({
    _id: foreign,
    int: new Int32(1),
    long: Long.fromString('9007199254740993'),
    double: new Double(1),
    decimal: Decimal128.fromString('0.10'),
    binary: new Binary(Buffer.from([0, 255])),
    time: new Timestamp({ t: 5, i: 6 }),
    date: new Date(-1),
    pattern: /a"b/i,
    nothing: null,
    empty: {},
    list: [],
    line: 'a\u2028b\r\nc',
  });
  await epochs.insertMany([
    {
      _id: 7 as never,
      experiment_id: foreign,
      epoch: new Double(3),
      metrics: { val_loss: new Int32(1), note: 'x,"y"\n' },
      timestamp: 'late',
      list: [1],
    },
    { experiment_id: 'no id', epoch: Long.fromNumber(5), metrics: {}, timing: 'none', version: null, empty: '' },
  ]);
  return { run, foreign };
}

it.each(['ndjson', 'csv'] as const)('%s: export, import, export again gives the same bytes', async (format) => {
  await seed();
  const first = await write(from, 'first', format);
  expect(first.manifest.files.map(({ name, documents }) => [name, documents])).toEqual([
    [`epochs.${format}`, 11],
    ['checkpoints.ndjson', 1],
    ['experiments.ndjson', 2],
    ['subjects.ndjson', 1],
  ]);
  expect(await read(to, first.folder)).toEqual({
    problems: [],
    fates: { experiments: 'created 2', epochs: 'created 11', checkpoints: 'created 1', subjects: 'created 1' },
  });
  const second = await write(to, 'second', format);
  for (const { name } of first.manifest.files) expect(textOf(second.folder, name)).toBe(textOf(first.folder, name));
  const lines = await Promise.all([write(from, 'lines-a'), write(to, 'lines-b')]);
  // A table has one order of columns for all rows, so that fields may come in another order.
  const sorted = (text: string) => text.split('\n').map((line) => (line === '' ? '' : [...line].sort().join('')));
  const [a, b] = lines.map(({ folder }) => textOf(folder, 'epochs.ndjson')) as [string, string];
  if (format === 'ndjson') expect(b).toBe(a);
  else expect(sorted(b)).toEqual(sorted(a));
  expect(await read(to, first.folder)).toMatchObject({
    problems: [],
    fates: { epochs: 'unchanged 11', experiments: 'unchanged 2' },
  });
});

it('writes extended JSON as mongoexport does, and tables that people can read', async () => {
  const { run } = await seed();
  const { folder } = await write(from, 'lines');
  const [first] = textOf(folder, 'epochs.ndjson')
    .split('\n')
    .filter((line) => line.includes(run))
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    experiment_id: { $oid: run },
    epoch: { $numberInt: '0' },
    metrics: { val_loss: { $numberDouble: 'NaN' } },
    timing: { duration_seconds: { $numberDouble: '3.0' }, epoch_start: { $date: { $numberLong: '1700000000000' } } },
  });
  const table = await write(from, 'table', 'csv');
  const text = textOf(table.folder, 'epochs.csv');
  expect(text).toMatch(/^_id,experiment_id,epoch,.*metrics\.val_loss,/);
  expect(text).toMatch(new RegExp(`^[0-9a-f]{24},${run},1,(.*,)?-0\\.0,`, 'm'));
  expect(text).toContain('2023-11-14T22:13:20.000Z');
});

it('takes the files of mongoexport, which have no manifest, when it is told to', async () => {
  const folder = inFolder('dump');
  rmSync(folder, { recursive: true, force: true });
  const { folder: made } = await (await seed(), write(from, 'made'));
  for (const name of readdirSync(made)) if (name !== 'experiments.ndjson') rmSync(path.join(made, name));
  await expect(read(to, made)).rejects.toThrow(/has no manifest\.json: it is no complete export\./);
  writeFileSync(
    path.join(made, 'subjects.json'),
    '{"_id":{"$oid":"671234567890abcdef123456"},"subject_id":"sub-9","age":12,"date_added":{"$date":"2025-01-02T03:04:05Z"}}\n\nnot JSON\n[1]\n{"subject_id":"sub-8"}\n',
  );
  const { fates, problems } = await read(to, made, true);
  expect(fates).toEqual({ experiments: 'created 2', subjects: 'created 1, refused 3' });
  expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'subjects.json:3',
    'subjects.json:4',
    'subjects.json:5',
  ]);
  expect(await to.database.collections.subjects.findOne({})).toMatchObject({
    subject_id: 'sub-9',
    date_added: new Date('2025-01-02T03:04:05Z'),
  });
});

it('refuses files that are not as they were written, before it writes anything', async () => {
  await seed();
  const { folder } = await write(from, 'folder');
  const file = path.join(folder, 'subjects.ndjson');
  const whole = readFileSync(file);
  const refused = async (change: () => void, sentence: RegExp) => {
    change();
    await expect(read(to, folder)).rejects.toThrow(sentence);
    writeFileSync(file, whole);
    expect(await to.database.collections.experiments.countDocuments()).toBe(0);
  };
  await refused(
    () => writeFileSync(file, whole.subarray(0, -10)),
    /subjects\.ndjson is not as it was exported \(\d+ bytes of \d+\)\. Nothing was imported\.$/,
  );
  await refused(() => writeFileSync(file, whole.toString().replace('sub-1', 'sub-2')), /other content/);
  await refused(() => rmSync(file), /lacks subjects\.ndjson, which its manifest names/);
  const manifest = path.join(folder, 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"version": 1', '"version": 9'));
  await expect(read(to, folder)).rejects.toThrow(/is no manifest that this version reads/);
});

it('keeps what is stored under a key, says so, and brings its metrics in line with the epochs that came', async () => {
  const { run } = await seed();
  const { folder } = await write(from, 'folder');
  await read(to, folder);
  const { experiments, epochs, subjects } = to.database.collections;
  await experiments.updateOne({ _id: new ObjectId(run) }, { $set: { note: 'mine' } });
  await epochs.deleteMany({ experiment_id: new ObjectId(run), epoch: { $gte: 2 } });
  await storesOf(to).lifecycle.rewind(new ObjectId(run), 1);
  await subjects.updateOne({}, { $set: { age: 11 } });
  const { fates, problems } = await read(to, folder);
  expect(fates).toEqual({
    experiments: 'unchanged 1, kept 1',
    epochs: 'created 7, unchanged 4',
    checkpoints: 'unchanged 1',
    subjects: 'kept 1',
  });
  expect(problems.map(({ message }) => message)).toEqual([
    `${run}: another document is stored under its key, and stays.`,
    expect.stringContaining('stays'),
  ]);
  const stored = await experiments.findOne({ _id: new ObjectId(run) });
  expect(stored).toMatchObject({ note: 'mine', metrics: { best_val_loss: -Infinity, best_epoch: 3, total_epochs: 9 } });
  expect((await subjects.findOne({}))!.age).toBe(11);
});

it('brings a run in line whose last epochs came too late for the export', async () => {
  const { run } = await seed();
  const { folder } = await write(from, 'folder', 'ndjson', { _id: new ObjectId(run) });
  const lines = textOf(folder, 'epochs.ndjson').split('\n');
  const shorter = [...lines.slice(0, 3), ''].join('\n');
  writeFileSync(path.join(folder, 'epochs.ndjson'), shorter);
  rmSync(path.join(folder, 'manifest.json'));
  expect((await read(to, folder, true)).fates).toMatchObject({ epochs: 'created 3' });
  const stored = await to.database.collections.experiments.findOne({});
  expect(stored).toMatchObject({ progress: { epochs: 3, latest_epoch: 2 }, metrics: { total_epochs: 3 } });
});

it('exports some experiments with what belongs to them', async () => {
  const { run } = await seed();
  const { manifest, folder } = await write(from, 'some', 'csv', { challenge: 2 });
  expect(manifest.files.map(({ documents }) => documents)).toEqual([9, 1, 1, 1]);
  expect(manifest.experiments).toBe('{"challenge":2}');
  expect(textOf(folder, 'experiments.ndjson')).toContain(run);
});

it('takes an empty folder only, or what an interrupted export left', async () => {
  await seed();
  const { folder } = await write(from, 'folder');
  await expect(write(from, 'folder')).rejects.toThrow(/holds an export already/);
  rmSync(path.join(folder, 'manifest.json'));
  writeFileSync(path.join(folder, 'epochs.ndjson.partial'), 'half');
  await write(from, 'folder');
  expect(readdirSync(folder).sort()).toEqual([
    'checkpoints.ndjson',
    'epochs.ndjson',
    'experiments.ndjson',
    'manifest.json',
    'subjects.ndjson',
  ]);
  rmSync(path.join(folder, 'manifest.json'));
  writeFileSync(path.join(folder, 'thesis.tex'), '');
  await expect(write(from, 'folder')).rejects.toThrow(/is not empty \(it has thesis\.tex\)/);
  writeFileSync(inFolder('file'), '');
  await expect(write(from, 'file')).rejects.toThrow(/can't be used: E(EXIST|NOTDIR)/);
});
