import { pino } from 'pino';
import { EMPTY_TARGET, databaseTarget, migrate } from '../../../src/import/sqlite/migrate';
import { LegacyFile } from '../../../src/import/sqlite/legacy-file';
import { TABLE_NAMES } from '../../../src/import/sqlite/tables';
import { FATES, Tally, type Fate, type ReportedRow } from '../../../src/import/sqlite/tally';
import { TimeZone } from '../../../src/import/sqlite/time-zone';
import { createStores, type Stores } from '../../../src/stores';
import { IMPORT_BATCH } from '../../../src/stores/run-imports';
import { openTestDatabase, type TestDatabase } from '../../kit/database';
import { temporaryFolder } from '../../kit/embedded';
import { epochRow, runRow, writeLegacy, type LegacyRow, type LegacyRows } from './legacy-database';

let work: ReturnType<typeof temporaryFolder>;
let test: TestDatabase;
let stores: Stores;

beforeEach(async () => {
  work = temporaryFolder();
  test = await openTestDatabase();
  stores = createStores(test.database, pino({ level: 'silent' }), { stalledAfterMinutes: 5 });
});
afterEach(async () => {
  await test.drop();
  work.remove();
});

interface Outcome {
  tally: Tally;
  report: ReportedRow[];
  /** `created 3, refused 1` and the like, by table. */
  fates: Record<string, string>;
}

let files = 0;

/** Writes a file, migrates it, and checks that each of its rows has a fate. */
async function migrateRows(
  rows: LegacyRows,
  { keepRunning = false, target = 'database' }: { keepRunning?: boolean; target?: 'database' | 'dry' | 'empty' } = {},
): Promise<Outcome> {
  const report: ReportedRow[] = [];
  const tally = new Tally((row) => report.push(row));
  const file = await LegacyFile.open(writeLegacy(work.folder, rows, `${files++}.db`));
  try {
    await migrate(
      file,
      { zone: new TimeZone('UTC'), createdBy: 'amara', keepRunning },
      target === 'empty' ? EMPTY_TARGET : databaseTarget(stores, target === 'dry'),
      tally,
    );
    for (const table of TABLE_NAMES) {
      const counts = tally.tables.get(table);
      expect([table, counts?.read ?? 0]).toEqual([table, file.rowsOf(table) ?? 0]);
      if (counts) expect(FATES.reduce((sum, fate) => sum + counts[fate], 0)).toBe(counts.read);
    }
  } finally {
    await file.close();
  }
  const shown = (counts: Record<Fate, number>) =>
    FATES.filter((fate) => counts[fate] > 0)
      .map((fate) => `${fate} ${counts[fate]}`)
      .join(', ');
  return {
    tally,
    report,
    fates: Object.fromEntries([...tally.tables].map(([table, counts]) => [table, shown(counts)])),
  };
}

const documents = (name: 'experiments' | 'epochs' | 'checkpoints' | 'subjects') =>
  test.database.collections[name].find().sort({ legacy_id: 1, epoch: 1, subject_id: 1, _id: 1 }).toArray();
const everything = async () =>
  Promise.all((['experiments', 'epochs', 'checkpoints', 'subjects'] as const).map(documents));

const LABORATORY: LegacyRows = {
  training_runs: [
    runRow(1, { config: '{"batch_size": 16, "releases": ["R1", "R2"]}', notes: 'first', total_epochs: 3 }),
    runRow(2, { challenge: 1, status: 'failed', best_val_loss: 0.5, best_epoch: 1, config: null }),
  ],
  epoch_history: [0, 1, 2].map((epoch) => epochRow(1, epoch)),
  model_checkpoints: [
    {
      run_id: 1,
      epoch: 1,
      val_loss: 0.75,
      file_path: 'a.pt',
      file_size_mb: 9.8,
      timestamp: '2025-10-20 16:01:40',
      is_best: 0,
    },
    {
      run_id: 1,
      epoch: 2,
      val_loss: 0.5,
      file_path: 'b.pt',
      file_size_mb: 9.8,
      timestamp: '2025-10-20 16:02:40',
      is_best: 1,
    },
  ],
  subjects: [
    {
      subject_id: 'sub-1',
      age: 9.5,
      sex: 'F',
      p_factor: 0.25,
      release: 'R1',
      n_sessions: 2,
      n_trials: 80,
      data_quality: 'good',
      notes: 'calm',
    },
  ],
  cache_files: [
    {
      challenge: 2,
      release: 'R1',
      file_path: 'c2_R1.h5',
      file_size_mb: 12,
      n_windows: 100,
      n_channels: 129,
      n_times: 200,
      created_at: '2025-10-01 10:00:00',
      checksum: 'abc',
    },
    { challenge: 1, release: 'R1', file_path: 'c1_R1.h5' },
  ],
};

it('brings all five tables in the shape that the server stores', async () => {
  const { fates } = await migrateRows(LABORATORY);
  expect(fates).toEqual({
    training_runs: 'created 2',
    epoch_history: 'created 3',
    model_checkpoints: 'created 2',
    subjects: 'created 1',
    cache_files: 'created 1, refused 1',
  });
  const [experiments, epochs, checkpoints, subjects] = await everything();
  expect(experiments![0]).toMatchObject({
    experiment_name: 'migrated_1',
    challenge: 2,
    status: 'completed',
    model: { name: 'EEGNeX' },
    config: { batch_size: 16, releases: ['R1', 'R2'] },
    dataset: {
      releases: ['R1', 'R2'],
      cache_files: ['c2_R1.h5'],
      cache_file_details: [
        {
          path: 'c2_R1.h5',
          release: 'R1',
          size_mb: 12,
          n_windows: 100,
          n_channels: 129,
          n_times: 200,
          created_at: '2025-10-01T10:00:00.000Z',
          checksum: 'abc',
        },
      ],
    },
    metrics: {
      best_val_loss: 0.5,
      best_epoch: 2,
      total_epochs: 3,
      final_train_loss: 1 / 3,
      final_val_loss: 0.5,
      training_time_hours: 31.5 / 3600,
    },
    start_time: new Date('2025-10-20T16:00:00Z'),
    end_time: new Date('2025-10-20T18:00:00Z'),
    last_seen_at: new Date('2025-10-20T16:02:40Z'),
    created_by: 'amara',
    note: 'first',
    legacy_id: '1',
    progress: { epochs: 3, latest_epoch: 2, best_epoch: 2, best_val_loss: 0.5 },
  });
  expect(experiments![1]).toMatchObject({
    status: 'failed',
    config: {},
    metrics: { best_val_loss: 0.5, best_epoch: 1 },
  });
  expect(epochs![1]).toMatchObject({
    experiment_id: experiments![0]!._id,
    epoch: 1,
    metrics: { train_loss: 0.5, val_loss: 0.75, learning_rate: 0.001 },
    timing: { duration_seconds: 10.5 },
    timestamp: new Date('2025-10-20T16:01:30Z'),
    version: 1,
  });
  expect(checkpoints!.map(({ epoch, is_best, file }) => [epoch, is_best, file.path])).toEqual([
    [1, false, 'a.pt'],
    [2, true, 'b.pt'],
  ]);
  expect(subjects).toMatchObject([
    {
      subject_id: 'sub-1',
      age: 9.5,
      sex: 'F',
      releases: ['R1'],
      has_eeg: true,
      has_demographics: true,
      has_phenotypic: true,
      phenotypic: { p_factor: 0.25 },
      eeg_quality: { n_sessions: 2, n_trials: 80, data_quality: 'good', notes: 'calm' },
    },
  ]);
});

it('changes nothing when it runs again, and says beforehand what it would do', async () => {
  const planned = await migrateRows(LABORATORY, { target: 'empty' });
  const dry = await migrateRows(LABORATORY, { target: 'dry' });
  expect(await everything()).toEqual([[], [], [], []]);
  const first = await migrateRows(LABORATORY);
  expect(dry.fates).toEqual(first.fates);
  expect(planned.fates).toEqual(first.fates);
  const stored = await everything();
  for (const target of ['database', 'dry'] as const) {
    const again = await migrateRows(LABORATORY, { target });
    expect(again.fates).toEqual({
      training_runs: 'unchanged 2',
      epoch_history: 'unchanged 3',
      model_checkpoints: 'unchanged 2',
      subjects: 'unchanged 1',
      cache_files: 'unchanged 1, refused 1',
    });
    expect(again.report.map(({ outcome: _outcome, ...row }) => row)).toEqual(
      first.report.map(({ outcome: _outcome, ...row }) => row),
    );
  }
  expect(await everything()).toEqual(stored);
});

it('adds what a file has gained since, and brings its runs up to date', async () => {
  await migrateRows({ ...LABORATORY, training_runs: [runRow(1, { status: 'running', end_time: null })] });
  const [[before]] = (await everything()) as [any[]];
  expect(before).toMatchObject({ status: 'stopped', end_time: new Date('2025-10-20T16:02:40Z') });
  await test.database.collections.experiments.updateOne({ _id: before._id }, { $set: { hostname: 'mine' } });
  const { fates } = await migrateRows({
    ...LABORATORY,
    training_runs: [runRow(1)],
    epoch_history: [...LABORATORY.epoch_history!, epochRow(1, 3)],
    model_checkpoints: [
      ...LABORATORY.model_checkpoints!.map((row) => ({ ...row, is_best: 0 })),
      { run_id: 1, epoch: 3, val_loss: 0.375, file_path: 'c.pt', is_best: 1 },
    ],
  });
  expect(fates).toMatchObject({
    training_runs: 'updated 1',
    epoch_history: 'created 1, unchanged 3',
    model_checkpoints: 'created 1, unchanged 2',
  });
  const [[after], , checkpoints] = (await everything()) as [any[], any[], any[]];
  expect(after).toMatchObject({
    _id: before._id,
    status: 'completed',
    hostname: 'mine',
    end_time: new Date('2025-10-20T18:00:00Z'),
    metrics: { best_val_loss: 0.375, total_epochs: 4 },
    progress: { epochs: 4, latest_epoch: 3 },
  });
  expect(checkpoints.filter(({ is_best }) => is_best).map(({ epoch }) => epoch)).toEqual([3]);
});

it('keeps what was changed in the database since, and reports the row', async () => {
  await migrateRows(LABORATORY);
  const { epochs, checkpoints } = test.database.collections;
  await epochs.updateOne({ epoch: 1 }, { $set: { 'metrics.val_loss': 0.01 } });
  await checkpoints.updateOne({ epoch: 1 }, { $set: { 'file.size_mb': 1 } });
  await checkpoints.updateOne({ epoch: 2 }, { $set: { is_best: false } });
  const stored = await everything();
  const { fates, report } = await migrateRows(LABORATORY);
  expect(fates).toMatchObject({ epoch_history: 'unchanged 2, kept 1', model_checkpoints: 'unchanged 1, kept 1' });
  expect(report.filter(({ outcome }) => outcome === 'kept')).toMatchObject([
    { table: 'epoch_history', row: 2, reason: expect.stringContaining('stays') },
    { table: 'model_checkpoints', row: 1 },
  ]);
  expect(await everything()).toEqual(stored);
});

it('gives a copy of the file the same ids, and another laboratory other ones', async () => {
  await migrateRows(LABORATORY);
  await migrateRows({ ...LABORATORY, training_runs: [runRow(1, { start_time: '2024-01-01 00:00:00' })] });
  const [experiments, epochs] = await everything();
  expect(experiments!.map(({ legacy_id }) => legacy_id)).toEqual(['1', '1', '2']);
  expect(epochs).toHaveLength(6);
});

describe('the oddities of legacy files', () => {
  const one = (table: keyof LegacyRows, rows: LegacyRow[]): LegacyRows => ({
    training_runs: [runRow(1)],
    [table]: rows,
  });

  it('any table may be missing', async () => {
    expect((await migrateRows({ subjects: [{ subject_id: 'sub-1' }] })).fates).toEqual({ subjects: 'created 1' });
    expect((await migrateRows({ training_runs: [runRow(5)] })).fates).toEqual({ training_runs: 'created 1' });
    const { fates, tally } = await migrateRows({ epoch_history: [epochRow(7, 0), epochRow(7, 1)] });
    expect(fates).toEqual({ epoch_history: 'created 2' });
    expect(tally.madeRuns.created).toBe(1);
  });

  it('epochs and checkpoints of unknown runs are kept under a run that is made for them', async () => {
    const rows = {
      training_runs: [runRow(1)],
      epoch_history: [epochRow(9, 0), epochRow(9, 1), epochRow(1, 0)],
      model_checkpoints: [{ run_id: 9, epoch: 1, val_loss: 0.75, file_path: 'x.pt', is_best: 1 }],
    };
    const { fates, report, tally } = await migrateRows(rows);
    expect(fates).toEqual({ training_runs: 'created 1', epoch_history: 'created 3', model_checkpoints: 'created 1' });
    expect(tally.madeRuns.created).toBe(1);
    expect(report.filter(({ repairs }) => repairs?.some((repair) => repair.includes('made for it')))).toHaveLength(3);
    const made = await test.database.collections.experiments.findOne({ legacy_id: '9' });
    expect(made).toMatchObject({
      experiment_name: 'migrated_9',
      status: 'stopped',
      tags: ['recovered'],
      start_time: new Date('2025-10-20T16:00:30Z'),
      end_time: new Date('2025-10-20T16:01:30Z'),
      metrics: { best_val_loss: 0.75, total_epochs: 2 },
    });
    expect(await test.database.collections.epochs.countDocuments({ experiment_id: made!._id })).toBe(2);
    expect((await migrateRows(rows)).tally.madeRuns.unchanged).toBe(1);
  });

  it('of several best checkpoints the one with the lowest val_loss is', async () => {
    const { report } = await migrateRows(
      one('model_checkpoints', [
        { run_id: 1, epoch: 1, val_loss: 0.4, file_path: '1.pt', is_best: 1 },
        { run_id: 1, epoch: 2, val_loss: 0.2, file_path: '2.pt', is_best: new Uint8Array([1]) },
        { run_id: 1, epoch: 3, val_loss: null, file_path: '3.pt', is_best: 1 },
        { run_id: 1, epoch: 4, val_loss: 0.1, file_path: '4.pt', is_best: 'False' },
        { run_id: 1, epoch: 5, val_loss: 0.2, file_path: '5.pt', is_best: '1' },
      ]),
    );
    const [, , checkpoints] = await everything();
    expect(checkpoints!.map(({ epoch, is_best }) => [epoch, is_best])).toEqual([
      [1, false],
      [2, true],
      [3, false],
      [4, false],
      [5, false],
    ]);
    expect(report.filter(({ table }) => table === 'model_checkpoints').map(({ row }) => row)).toEqual([1, 2, 3, 4, 5]);
  });

  it('runs that all say running become what their rows show', async () => {
    const running = (run_id: number, row: LegacyRow = {}) =>
      runRow(run_id, { status: 'running', end_time: null, ...row });
    const rows: LegacyRows = {
      training_runs: [
        running(1),
        running(2, { config: '{"max_epochs": 2}' }),
        running(3, { end_time: '2025-10-21 00:00:00' }),
        running(4, { total_epochs: 20 }),
        running(5, { status: null }),
        running(6, { status: 'Finished' }),
      ],
      epoch_history: [1, 2, 4].flatMap((run) => [epochRow(run, 0), epochRow(run, 1)]),
    };
    await migrateRows(rows);
    const statuses = async () =>
      (await documents('experiments')).map(({ status, end_time }) => [status, end_time?.toISOString() ?? null]);
    expect(await statuses()).toEqual([
      ['stopped', '2025-10-20T16:01:30.000Z'],
      ['completed', '2025-10-20T16:01:30.000Z'],
      ['completed', '2025-10-21T00:00:00.000Z'],
      ['stopped', '2025-10-20T16:01:30.000Z'],
      ['stopped', '2025-10-20T16:00:00.000Z'],
      ['completed', '2025-10-20T16:00:00.000Z'],
    ]);
    await test.database.db.dropCollection('experiments');
    await migrateRows(rows, { keepRunning: true });
    expect((await statuses()).map(([status]) => status)).toEqual([...Array(4).fill('running'), 'stopped', 'completed']);
  });

  it('blobs, texts and times of every kind are read by their meaning', async () => {
    const int64 = (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return new Uint8Array(bytes);
    };
    const float32 = Buffer.alloc(4);
    float32.writeFloatLE(0.25);
    const { fates, report } = await migrateRows(
      one('epoch_history', [
        epochRow(1, 0, { train_loss: 'nan', timestamp: '2025-10-20T16:00:00.123456' }),
        { run_id: int64(1n), epoch: int64(1n), train_loss: new Uint8Array(float32), timestamp: 1760978460 },
        epochRow(1, 2, { val_loss: 'low', duration_seconds: -5, timestamp: 'noon' }),
        epochRow(1, 3, { grad_norm: 1.5 }),
      ]),
    );
    expect(fates).toMatchObject({ epoch_history: 'created 4' });
    expect(
      report.filter(({ table }) => table === 'epoch_history').map(({ row, repairs }) => [row, repairs!.length]),
    ).toEqual([
      [1, 1],
      [2, 4],
      [3, 3],
    ]);
    const epochs = await documents('epochs');
    expect(epochs.map(({ metrics }) => metrics)).toEqual([
      { train_loss: NaN, val_loss: 1.5, learning_rate: 0.001 },
      { train_loss: 0.25 },
      { train_loss: 1 / 3, learning_rate: 0.001 },
      { train_loss: 0.25, val_loss: 0.375, learning_rate: 0.001, grad_norm: 1.5 },
    ]);
    expect(epochs.map(({ timestamp }) => timestamp?.toISOString())).toEqual([
      '2025-10-20T16:00:00.123Z',
      '2025-10-20T16:41:00.000Z',
      undefined,
      '2025-10-20T16:03:30.000Z',
    ]);
  });

  it('of rows with one key the later is taken, and each other is refused by name', async () => {
    const { fates, report } = await migrateRows({
      training_runs: [runRow(1)],
      epoch_history: [epochRow(1, 0), epochRow(1, 1), epochRow(1, 0, { val_loss: 0.125 })],
      model_checkpoints: [
        { run_id: 1, epoch: 0, file_path: 'a.pt', val_loss: 0.5, is_best: 0 },
        { run_id: 1, epoch: 0, file_path: 'a.pt', val_loss: 0.125, is_best: 0 },
        { run_id: 1, epoch: 0, file_path: null },
      ],
    });
    expect(fates).toEqual({
      training_runs: 'created 1',
      epoch_history: 'created 2, refused 1',
      model_checkpoints: 'created 1, refused 2',
    });
    expect(report.filter(({ outcome }) => outcome === 'refused')).toMatchObject([
      {
        table: 'epoch_history',
        row: 1,
        reason: 'row 3, which is later, has the same key',
        values: { epoch: 0, val_loss: 1.5 },
      },
      { table: 'model_checkpoints', row: 1, reason: 'row 2, which is later, has the same key' },
      { table: 'model_checkpoints', row: 3, reason: 'file_path: missing' },
    ]);
    expect((await documents('epochs'))[0]!.metrics.val_loss).toBe(0.125);
    expect((await documents('experiments'))[0]!.metrics).toMatchObject({ best_val_loss: 0.125, total_epochs: 2 });
  });

  it('epochs without a run or a number that can be one are refused', async () => {
    const { fates } = await migrateRows(
      one('epoch_history', [
        { run_id: 1, epoch: null },
        { run_id: null, epoch: 0 },
        { run_id: 1, epoch: -1 },
        { run_id: 1, epoch: 1.5 },
        { run_id: 1, epoch: 3_000_000_000 },
        { run_id: 'first', epoch: 0 },
      ]),
    );
    expect(fates).toMatchObject({ epoch_history: 'refused 6' });
    expect(await documents('epochs')).toEqual([]);
  });

  it('a run whose row says other than its epochs keeps both, and one with its end before its start loses that end', async () => {
    await migrateRows({
      training_runs: [
        runRow(1, { best_val_loss: 0.1, best_epoch: 7, total_epochs: 20, end_time: '2020-01-01 00:00:00', lab: 'B12' }),
      ],
      epoch_history: [epochRow(1, 0), epochRow(1, 1)],
    });
    expect((await documents('experiments'))[0]).toMatchObject({
      config: { batch_size: 16, legacy_columns: { lab: 'B12' } },
      metrics: {
        best_val_loss: 0.75,
        best_epoch: 1,
        total_epochs: 2,
        legacy_best_val_loss: 0.1,
        legacy_best_epoch: 7,
        legacy_total_epochs: 20,
      },
      end_time: new Date('2025-10-20T16:01:30Z'),
    });
  });

  it('a run that can not be stored takes its rows with it, and all are in the report', async () => {
    const { fates, report } = await migrateRows({
      training_runs: [runRow(1, { config: '{"": 1}' }), runRow(2)],
      epoch_history: [epochRow(1, 0), epochRow(1, 1), epochRow(2, 0)],
      model_checkpoints: [{ run_id: 1, epoch: 1, file_path: 'a.pt' }],
    });
    expect(fates).toEqual({
      training_runs: 'created 1, refused 1',
      epoch_history: 'created 1, refused 2',
      model_checkpoints: 'refused 1',
    });
    expect(report.find(({ table }) => table === 'training_runs')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('a name must not be empty'),
    });
  });

  it('several rows of a subject become one, and what a subject has already stays', async () => {
    await stores.subjects.upsert([{ subjectId: 'sub-1', releases: ['R3'], phenotypic: { iq: 101 }, age: 8 }]);
    const { fates } = await migrateRows({
      subjects: [
        { subject_id: 'sub-1', age: '9.5', sex: 'female', release: 'R1', n_trials: 0 },
        { subject_id: 'sub-1', sex: 'F', release: 'R2,R1', p_factor: 0.5 },
        { subject_id: null, age: 3 },
        { subject_id: 'sub-2', age: -1, sex: 'x', release: null },
      ],
    });
    expect(fates).toEqual({ subjects: 'created 1, updated 2, refused 1' });
    expect(await documents('subjects')).toMatchObject([
      {
        subject_id: 'sub-1',
        age: 9.5,
        sex: 'F',
        releases: ['R1', 'R2', 'R3'],
        has_eeg: false,
        phenotypic: { iq: 101, p_factor: 0.5 },
      },
      { subject_id: 'sub-2', phenotypic: { sex: 'x' }, releases: [] },
    ]);
  });
});

it('writes a run of more epochs than one command takes, with the metrics of all of them', async () => {
  const count = 2 * IMPORT_BATCH + 500;
  const rows = {
    training_runs: [runRow(1), runRow(2)],
    epoch_history: [
      ...Array.from({ length: count }, (_, epoch) => epochRow(1, epoch, { val_loss: Math.abs(epoch - 4_100) + 1 })),
      epochRow(2, 0),
    ],
  };
  expect((await migrateRows(rows)).fates).toEqual({
    training_runs: 'created 2',
    epoch_history: `created ${count + 1}`,
  });
  const [experiment] = await documents('experiments');
  expect(experiment!.metrics).toMatchObject({ best_epoch: 4_100, best_val_loss: 1, total_epochs: count });
  // As if it had been interrupted: the run is there, and some of its epochs.
  const stored = await everything();
  await test.database.collections.epochs.deleteMany({ epoch: { $gte: 1_000, $lt: 3_000 } });
  expect((await migrateRows(rows)).fates).toEqual({
    training_runs: 'unchanged 2',
    epoch_history: `created 2000, unchanged ${count - 1_999}`,
  });
  expect(await everything()).toEqual(stored);
}, 60_000);
