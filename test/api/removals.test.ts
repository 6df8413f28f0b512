import { ObjectId } from 'mongodb';
import { createExperiment, logEpochs, newId, saveCheckpoint, UPSERT } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const REWIND = `mutation ($id: ID!, $to: Int!) { rewindExperiment(experimentId: $id, toEpoch: $to) {
  deletedEpochs deletedCheckpoints
  experiment { epochCount bestCheckpoint { epoch } metrics { bestValLoss bestEpoch totalEpochs finalValLoss } }
} }`;
const FAIL_STALLED = `mutation ($seconds: Int!) { failStalledExperiments(silentForSeconds: $seconds) {
  experiments { id status endTime metrics { totalEpochs } }
} }`;

describe('what takes records away', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  it('rewinds a run to an epoch, with its checkpoints and metrics, and again without harm', async () => {
    const id = await createExperiment(server);
    await logEpochs(server, id, 10);
    await saveCheckpoint(server, id, 3, { isBest: true });
    await saveCheckpoint(server, id, 8, { isBest: true });
    const left = {
      epochCount: 6,
      bestCheckpoint: null,
      metrics: { bestValLoss: 1 / 6, bestEpoch: 5, totalEpochs: 6, finalValLoss: 1 / 6 },
    };
    const first = (await server.data(REWIND, { id, to: 5 })).rewindExperiment;
    expect(first).toEqual({ deletedEpochs: 4, deletedCheckpoints: 1, experiment: left });
    const again = (await server.data(REWIND, { id, to: 5 })).rewindExperiment;
    expect(again).toEqual({ deletedEpochs: 0, deletedCheckpoints: 0, experiment: left });
    const all = (await server.data(REWIND, { id, to: -1 })).rewindExperiment;
    expect(all).toMatchObject({
      deletedEpochs: 6,
      deletedCheckpoints: 1,
      experiment: { epochCount: 0, metrics: { bestValLoss: null, totalEpochs: null } },
    });
    await logEpochs(server, id, 2);
    const { experiment } = await server.data(`{ experiment(id: "${id}") { metrics { bestValLoss totalEpochs } } }`);
    expect(experiment.metrics).toEqual({ bestValLoss: 0.5, totalEpochs: 2 });
  });

  it.each([
    [{ id: newId(), to: 1 }, 'NOT_FOUND'],
    [{ id: 'x', to: 1 }, 'BAD_USER_INPUT'],
    [{ id: newId(), to: -2 }, 'BAD_USER_INPUT'],
  ])('refuses to rewind %j', async (variables, code) => {
    expect((await server.query(REWIND, variables)).errors?.[0]?.extensions.code).toBe(code);
  });

  it('keeps metrics true when epochs arrive during a rewind', async () => {
    const id = await createExperiment(server);
    await logEpochs(server, id, 50);
    const log = (epoch: number) =>
      server.data(`mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome } }`, {
        input: { experimentId: id, epoch, metrics: { val_loss: 0.001 * epoch } },
      });
    await Promise.all([server.data(REWIND, { id, to: 9 }), ...Array.from({ length: 20 }, (_, index) => log(index))]);
    const { experiment } = await server.data(
      `{ experiment(id: "${id}") { epochs { nodes { epoch metrics { valLoss } } } metrics { bestValLoss totalEpochs } } }`,
    );
    const rows = experiment.epochs.nodes as { epoch: number; metrics: { valLoss: number } }[];
    expect(experiment.metrics).toEqual({
      totalEpochs: rows.length,
      bestValLoss: Math.min(...rows.map(({ metrics }) => metrics.valLoss)),
    });
  });

  it('marks stalled runs as failed at their last sign of life, and no others', async () => {
    const fresh = await startServer();
    try {
      const { experiments } = fresh.stores.database.collections;
      const past = new Date(Date.now() - 3_600_000);
      const silent = await createExperiment(fresh, { name: 'silent' });
      await logEpochs(fresh, silent, 3);
      await experiments.updateOne({ _id: new ObjectId(silent) }, { $set: { last_seen_at: past } });
      const legacy = new ObjectId();
      await experiments.insertOne({
        _id: legacy,
        experiment_name: 'legacy',
        status: 'running',
        start_time: new Date(0),
      });
      await createExperiment(fresh, { name: 'alive' });
      await createExperiment(fresh, { name: 'over', status: 'COMPLETED' });
      await experiments.updateMany({ status: 'completed' }, { $set: { last_seen_at: past } });
      const { failStalledExperiments: failed } = await fresh.data(FAIL_STALLED, { seconds: 600 });
      expect(failed.experiments).toHaveLength(2);
      expect(failed.experiments).toEqual(
        expect.arrayContaining([
          { id: silent, status: 'FAILED', endTime: past.toISOString(), metrics: { totalEpochs: 3 } },
          {
            id: legacy.toHexString(),
            status: 'FAILED',
            endTime: new Date(0).toISOString(),
            metrics: { totalEpochs: null },
          },
        ]),
      );
      expect((await fresh.data(FAIL_STALLED, { seconds: 600 })).failStalledExperiments.experiments).toEqual([]);
      expect((await fresh.query(FAIL_STALLED, { seconds: 0 })).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    } finally {
      await fresh.close();
    }
  });

  it('deletes a checkpoint and a subject, and again without harm', async () => {
    const id = await createExperiment(server);
    const checkpoint = await saveCheckpoint(server, id, 1, { isBest: true });
    await server.data(UPSERT, { subjects: [{ subjectId: 'gone' }, { subjectId: 'stays' }] });
    for (let round = 0; round < 2; round++) {
      const answer = await server.data(
        `mutation { deleteCheckpoint(id: "${checkpoint}") { id } deleteSubject(subjectId: "gone") { subjectId } }`,
      );
      expect(answer).toEqual({ deleteCheckpoint: { id: checkpoint }, deleteSubject: { subjectId: 'gone' } });
    }
    const left = await server.data(
      `{ node(id: "${checkpoint}") { id } gone: subject(subjectId: "gone") { id } stays: subject(subjectId: "stays") { subjectId } }`,
    );
    expect(left).toEqual({ node: null, gone: null, stays: { subjectId: 'stays' } });
    const wrong = await server.query('mutation { deleteCheckpoint(id: "x") { id } }');
    expect(wrong.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
