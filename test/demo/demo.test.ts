import { ObjectId } from 'mongodb';
import { pino } from 'pino';
import { makeDemo, removeDemo } from '../../src/demo/demo';
import { createStores, type Stores } from '../../src/stores';
import { COLLECTION_NAMES } from '../../src/stores/collections';
import { openTestDatabase, type TestDatabase } from '../kit/database';

let test: TestDatabase;
let stores: Stores;

beforeEach(async () => {
  test = await openTestDatabase();
  stores = createStores(test.database, pino({ level: 'silent' }), { stalledAfterMinutes: 5 });
});
afterEach(() => test.drop());

const all = (name: (typeof COLLECTION_NAMES)[number]): Promise<any[]> =>
  test.database.collections[name].find().sort({ _id: 1 }).toArray();

it('makes a laboratory that might be one', async () => {
  const report = await makeDemo(stores);
  const [experiments, epochs, checkpoints, subjects] = (await Promise.all(COLLECTION_NAMES.map(all))) as [
    any[],
    any[],
    any[],
    any[],
  ];
  expect(report).toEqual({
    experiments: experiments.length,
    epochs: epochs.length,
    checkpoints: checkpoints.length,
    subjects: subjects.length,
    created: experiments.length,
  });
  expect(experiments.length).toBeGreaterThanOrEqual(40);
  expect(subjects.length).toBeGreaterThanOrEqual(200);
  expect([...experiments, ...subjects].every(({ demo }) => demo.as_of instanceof Date)).toBe(true);
  expect(experiments.every(({ tags }) => tags.includes('demo'))).toBe(true);

  const asOf: Date = experiments[0].demo.as_of;
  const byId = new Map(experiments.map((experiment) => [String(experiment._id), experiment]));
  const starts = experiments.map(({ start_time }) => start_time.getTime());
  expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(30 * 86_400_000);
  const statuses = new Set(experiments.map(({ status }) => status));
  expect(statuses).toEqual(new Set(['completed', 'failed', 'stopped', 'running']));
  for (const experiment of experiments) {
    const own = epochs.filter(({ experiment_id }) => experiment_id.equals(experiment._id));
    const losses = own.map(({ metrics }) => metrics.val_loss).filter((loss) => !Number.isNaN(loss));
    expect(own.map(({ epoch }) => epoch)).toEqual(own.map((_, index) => index));
    expect(experiment.metrics).toMatchObject({ total_epochs: own.length, best_val_loss: Math.min(...losses) });
    expect(own.every(({ timestamp }) => timestamp > experiment.start_time && timestamp < asOf)).toBe(true);
    if (experiment.end_time) expect(experiment.end_time < asOf).toBe(true);
    if (experiment.status === 'completed') expect(experiment.metrics.best_val_loss).toBeLessThan(losses[0] * 0.99);
    const saved = checkpoints.filter(({ experiment_id }) => experiment_id.equals(experiment._id));
    expect(saved.filter(({ is_best }) => is_best).map(({ epoch }) => epoch)).toEqual([experiment.metrics.best_epoch]);
    const parent = experiment.parent_experiment_id && byId.get(String(experiment.parent_experiment_id));
    if (parent) expect(parent.end_time < experiment.start_time).toBe(true);
  }
  expect(
    experiments.filter(({ parent_experiment_id: parent }) => parent && byId.has(String(parent))).length,
  ).toBeGreaterThan(4);
  expect(epochs.some(({ metrics }) => Number.isNaN(metrics.val_loss))).toBe(true);
  const now = stores.liveness.at();
  const live = experiments.map((raw) => now.of(stores.reader.experiment(raw)));
  expect(live.filter((state) => String(state) === 'STALLED')).toHaveLength(2);
}, 60_000);

it('adds nothing when it is made again, and is removed whole, with nothing else', async () => {
  const { experiment } = await stores.experiments.create({ name: 'mine', tags: ['demo'] });
  await stores.epochWriter.log(
    new ObjectId(String(experiment._id)),
    { epoch: 0, metrics: new Map([['val_loss', 1]]) },
    'ERROR' as never,
  );
  await stores.subjects.upsert([{ subjectId: 'sub-DEMO0007', age: 70 }]);
  const mine = await Promise.all(COLLECTION_NAMES.map(all));
  const { subjects } = await makeDemo(stores);
  const made = await Promise.all(COLLECTION_NAMES.map(all));
  expect((await makeDemo(stores)).created).toBe(0);
  expect(await Promise.all(COLLECTION_NAMES.map(all))).toEqual(made);
  const removed = await removeDemo(stores);
  expect(removed).toMatchObject({ experiments: made[0]!.length - 1, epochs: made[1]!.length - 1, subjects });
  expect(await Promise.all(COLLECTION_NAMES.map(all))).toEqual(mine);
}, 60_000);
