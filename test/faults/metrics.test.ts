import { ObjectId } from 'mongodb';
import { newDatabaseUri } from '../kit/database';
import { form, newRandom } from '../kit/long-form';
import { createExperiment, LOG_EPOCH, LOG_EPOCHS } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { CASES } from './cases';
import { recompute } from './recomputation';
import { faultsOf, readAll } from './stored';

/*
 * An experiment's own metrics against a recomputation from the stored epochs: whatever arrives, in whatever order, from
 * two servers at once.
 */

const ROUNDS = form(3, 60);
const STEPS = 12;
const AT_ONCE = 6;
const LOSSES = [0.1, 0.2, 0.2, 0.3, 'NaN', 'Infinity', '-Infinity', undefined];
const { document: REWIND } = CASES.rewindExperiment!;
const { document: STATUS } = CASES.updateExperimentStatus!;
const { document: DELETE } = CASES.deleteExperiment!;

const random = newRandom('metrics');

let servers: TestServer[];

beforeAll(async () => {
  const mongodbUri = newDatabaseUri();
  servers = await Promise.all([startServer({ mongodbUri }), startServer({ mongodbUri })]);
});
afterAll(async () => {
  await servers[1]!.stop();
  await servers[0]!.close();
});

const metricsOf = async (id: string): Promise<Record<string, unknown>> => {
  const { experiments } = servers[0]!.stores.database.collections;
  return (await experiments.findOne({ _id: new ObjectId(id) }))!.metrics ?? {};
};

function randomEpoch(): Record<string, unknown> {
  const metrics = { val_loss: random.pick(LOSSES), train_loss: random.pick(LOSSES), other: random.next() };
  return { epoch: random.below(8), metrics: Object.fromEntries(Object.entries(metrics).filter(([, v]) => v != null)) };
}

/** One random call about an experiment: an epoch, a batch, a rewind, a change of status. */
async function step(experimentId: string): Promise<void> {
  const server = random.pick(servers);
  const onConflict = random.pick(['REPLACE', 'REPLACE', 'REPLACE', 'KEEP']);
  const kind = random.below(10);
  if (kind < 6) await server.data(LOG_EPOCH, { input: { experimentId, onConflict, ...randomEpoch() } });
  else if (kind < 8) {
    const epochs = Array.from({ length: 1 + random.below(6) }, randomEpoch);
    await server.data(LOG_EPOCHS, { input: { experimentId, onConflict, epochs } });
  } else if (kind < 9) await server.data(REWIND, { id: experimentId, to: random.below(9) - 1 });
  else {
    const status = random.pick(['COMPLETED', 'RUNNING']);
    await server.data(STATUS, { input: { experimentId, status } });
  }
}

it(
  'metrics agree with the epochs, in any order, repeated, replaced, removed, NaN among them',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ids = [await createExperiment(servers[0]!), await createExperiment(servers[1]!)];
      for (let number = 0; number < STEPS; number++) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => step(random.pick(ids))));
        expect(faultsOf(await readAll(servers[0]!.stores.database.db))).toEqual([]);
      }
      for (const id of ids) await servers[0]!.data(DELETE, { id });
    }
  },
  form(60_000, 3_600_000),
);

describe('a removal that is interrupted half-way', () => {
  const COUNT = 450;

  /** An experiment whose best epoch is among the last, and whose `work` failed in the middle of the third batch. */
  async function interrupted(work: (server: TestServer, id: string) => Promise<unknown>): Promise<string> {
    const [server] = servers as [TestServer];
    const id = await createExperiment(server);
    const epochs = Array.from({ length: COUNT }, (_, epoch) => ({ epoch, metrics: { val_loss: 1 / (epoch + 1) } }));
    await server.data(LOG_EPOCHS, { input: { experimentId: id, epochs } });
    const { collections } = server.stores.database;
    const deleteMany = collections.epochs.deleteMany.bind(collections.epochs);
    const spy = jest.spyOn(collections.epochs, 'deleteMany');
    // The third batch fails as in a crash: nothing of it takes place, and nobody goes on.
    spy.mockImplementation((...args: Parameters<typeof deleteMany>) => {
      if (spy.mock.calls.length > 2) throw new Error('The process would be gone by now.');
      return deleteMany(...args);
    });
    try {
      await expect(work(server, id)).rejects.toThrow('INTERNAL_SERVER_ERROR');
    } finally {
      spy.mockRestore();
    }
    const left = await collections.epochs.countDocuments({ experiment_id: new ObjectId(id) });
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(COUNT);
    return id;
  }

  it.each([
    ['a rewind', (server: TestServer, id: string) => server.data(REWIND, { id, to: 5 })],
    ['a deletion', (server: TestServer, id: string) => server.data(DELETE, { id })],
  ])('%s: the next epoch puts the metrics right, and so does the end of the run', async (_, work) => {
    const [server] = servers as [TestServer];
    const first = await interrupted(work);
    await server.data(LOG_EPOCH, { input: { experimentId: first, epoch: 3, metrics: { val_loss: 7 } } });
    const second = await interrupted(work);
    await server.data(STATUS, { input: { experimentId: second, status: 'COMPLETED' } });
    expect(faultsOf(await readAll(server.stores.database.db))).toEqual([]);
    for (const id of [first, second]) await work(server, id);
    expect(faultsOf(await readAll(server.stores.database.db))).toEqual([]);
  });
});

describe('what a trainer says of the whole run', () => {
  const SAID = { best_val_loss: 0.01, best_epoch: 7, total_epochs: 100, final_val_loss: 0.25, accuracy: 0.5 };

  it('is stored as said, stays through changes of status, and gives way to the next epoch', async () => {
    const [server] = servers as [TestServer];
    const experimentId = await createExperiment(server);
    const log = (epoch: number) =>
      server.data(LOG_EPOCH, {
        input: {
          experimentId,
          epoch,
          metrics: { val_loss: 2 - epoch, train_loss: 1 },
          timing: { durationSeconds: 1800 },
        },
      });
    const move = (status: string, metrics?: object) =>
      server.data(STATUS, { input: { experimentId, status, ...(metrics ? { metrics } : {}) } });
    const ofEpochs = async () => {
      const { epochs } = server.stores.database.collections;
      return recompute(await epochs.find({ experiment_id: new ObjectId(experimentId) }).toArray());
    };
    await log(0);
    await log(1);
    await move('COMPLETED', SAID);
    const said = { ...(await ofEpochs()), ...SAID, training_time_hours: 1 };
    expect(await metricsOf(experimentId)).toEqual(said);
    await move('COMPLETED');
    await move('RUNNING');
    await move('STOPPED');
    expect(await metricsOf(experimentId)).toEqual(said);
    await move('RUNNING');
    await log(2);
    expect(await metricsOf(experimentId)).toEqual({ ...said, ...(await ofEpochs()) });
    await move('COMPLETED');
    expect(await metricsOf(experimentId)).toEqual({ ...said, ...(await ofEpochs()), training_time_hours: 1.5 });
    await move('COMPLETED', { training_time_hours: 9 });
    await move('RUNNING');
    await log(3);
    await move('COMPLETED');
    expect((await metricsOf(experimentId)).training_time_hours).toBe(9);
    await server.data(DELETE, { id: experimentId });
  });
});
