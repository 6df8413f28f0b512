import { ObjectId } from 'mongodb';
import { createExperiment, logEpochs, newId, saveCheckpoint } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const WHOLE = `id name challenge status liveness createdBy hostname tags note checkpointDir legacyId startTime endTime lastSeenAt
  model { name architecture parameters version all }
  config { batchSize maxEpochs learningRate optimizer loss patience cropSize numWorkers prefetchFactor persistentWorkers amp device all }
  dataset { releases trainWindows valWindows cacheFiles all }
  metrics { bestValLoss bestEpoch totalEpochs finalTrainLoss finalValLoss trainingTimeHours values }
  parent { id }`;

const CREATE = `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { outcome experiment { ${WHOLE} } } }`;
const UPDATE = `mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { experiment { ${WHOLE} } } }`;
const STATUS = `mutation ($input: UpdateExperimentStatusInput!) { updateExperimentStatus(input: $input) { experiment { ${WHOLE} } } }`;
const GET = `query ($id: ID!) { experiment(id: $id) { ${WHOLE} } }`;
const DELETE = `mutation ($id: ID!) { deleteExperiment(id: $id) { id deletedEpochs deletedCheckpoints } }`;

/** The seed's own example document, as a trainer would log it. */
const SEED = {
  name: 'eegnex_r1r2_20251020_164100',
  challenge: 2,
  model: { name: 'EEGNeX', architecture: 'transformer', parameters: 3_000_000_000, version: '1.0' },
  config: {
    batch_size: 16,
    max_epochs: 20,
    learning_rate: 0.002,
    optimizer: 'Adamax',
    loss: 'L1',
    patience: 5,
    crop_size: 2,
    num_workers: 2,
    prefetch_factor: 2,
    persistent_workers: false,
    amp: false,
    device: 'cpu',
    'scheduler.gamma': { $lt: [1, null, 'x', { deep: true }] },
  },
  dataset: { releases: ['R1', 'R2'], train_windows: 103_724, val_windows: 25_931, cache_files: ['a.h5'], extra: 1 },
  startTime: '2025-10-20T18:41:00+02:00',
  createdBy: 'kevin',
  hostname: 'gpu-workstation',
  tags: ['baseline', 'cpu', 'baseline'],
  note: 'CPU training',
  checkpointDir: 'checkpoints/x/',
  legacyId: 'sqlite:training_runs:34',
};

describe('experiments', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const get = async (id: string) => (await server.data(GET, { id })).experiment;
  const code = async (document: string, input: object) =>
    (await server.query(document, { input })).errors?.map(({ extensions }) => extensions.code);

  it('come back whole, as they were given', async () => {
    const { createExperiment: payload } = await server.data(CREATE, { input: SEED });
    expect(payload.outcome).toBe('CREATED');
    expect(payload.experiment).toMatchObject({
      name: SEED.name,
      challenge: 2,
      status: 'RUNNING',
      liveness: 'UNKNOWN',
      model: { name: 'EEGNeX', parameters: 3_000_000_000, all: SEED.model },
      config: { batchSize: 16, learningRate: 0.002, persistentWorkers: false, device: 'cpu', all: SEED.config },
      dataset: { releases: ['R1', 'R2'], trainWindows: 103_724, cacheFiles: ['a.h5'], all: SEED.dataset },
      startTime: '2025-10-20T16:41:00.000Z',
      endTime: null,
      createdBy: 'kevin',
      hostname: 'gpu-workstation',
      tags: ['baseline', 'cpu'],
      note: 'CPU training',
      checkpointDir: 'checkpoints/x/',
      legacyId: 'sqlite:training_runs:34',
      metrics: { bestValLoss: null, values: {} },
      parent: null,
    });
    expect(await get(payload.experiment.id)).toEqual(payload.experiment);
  });

  it('are stored under the names of the seed', async () => {
    const id = newId();
    await server.data(CREATE, { input: { ...SEED, id } });
    const stored = await server.stores.database.collections.experiments.findOne({ _id: new ObjectId(id) });
    expect(stored).toMatchObject({
      experiment_name: SEED.name,
      status: 'running',
      start_time: new Date('2025-10-20T16:41:00Z'),
      checkpoint_dir: 'checkpoints/x/',
      config: { batch_size: 16, 'scheduler%2Egamma': { '%24lt': [1, null, 'x', { deep: true }] } },
    });
  });

  it('are created once for one client-made id, also when a retry comes late', async () => {
    const input = { ...SEED, id: newId() };
    const first = (await server.data(CREATE, { input })).createExperiment;
    await logEpochs(server, input.id, 2);
    await server.data(UPDATE, { input: { id: input.id, note: 'changed since' } });
    const again = (await server.data(CREATE, { input })).createExperiment;
    expect([first.outcome, again.outcome]).toEqual(['CREATED', 'UNCHANGED']);
    expect(again.experiment).toMatchObject({ note: 'changed since', metrics: { totalEpochs: 2 } });
    expect(await code(CREATE, { ...input, name: 'another' })).toEqual(['CONFLICT']);
    expect(await code(CREATE, { ...input, config: { batch_size: 17 } })).toEqual(['CONFLICT']);
  });

  it('are created once by 20 callers at once', async () => {
    const input = { ...SEED, id: newId() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.data(CREATE, { input })));
    const outcomes = answers.map(({ createExperiment: payload }) => payload.outcome);
    expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'UNCHANGED')).toHaveLength(19);
  });

  it('change in the fields given and no others', async () => {
    const { createExperiment: created } = await server.data(CREATE, { input: SEED });
    const { id } = created.experiment;
    const changed = (await server.data(UPDATE, { input: { id, name: 'renamed', note: null, config: { lr: 1 } } }))
      .updateExperiment.experiment;
    expect(changed).toEqual({
      ...created.experiment,
      name: 'renamed',
      note: null,
      config: { ...Object.fromEntries(Object.keys(changed.config).map((key) => [key, null])), all: { lr: 1 } },
    });
    const same = await server.data(UPDATE, { input: { id, name: 'renamed', note: null, config: { lr: 1 } } });
    expect(same.updateExperiment.experiment).toEqual(changed);
  });

  it('take tags added and removed at once from many callers', async () => {
    const id = await createExperiment(server, { tags: ['old'] });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        server.data(UPDATE, { input: { id, addTags: [`t${index}`], removeTags: ['old'] } }),
      ),
    );
    const { tags } = await get(id);
    expect([...tags].sort()).toEqual(Array.from({ length: 20 }, (_, index) => `t${index}`).sort());
  });

  it('refuse a parent that does not exist or descends from them', async () => {
    const parent = await createExperiment(server);
    const child = await createExperiment(server, { parentExperimentId: parent });
    const grandchild = await createExperiment(server, { parentExperimentId: child });
    expect(await code(CREATE, { name: 'x', parentExperimentId: newId() })).toEqual(['NOT_FOUND']);
    expect(await code(UPDATE, { id: parent, parentExperimentId: grandchild })).toEqual(['BAD_USER_INPUT']);
    expect(await code(UPDATE, { id: parent, parentExperimentId: parent })).toEqual(['BAD_USER_INPUT']);
    expect(await code(UPDATE, { id: parent, parentExperimentId: newId() })).toEqual(['NOT_FOUND']);
    expect(await code(UPDATE, { id: newId(), name: 'x' })).toEqual(['NOT_FOUND']);
    const { updateExperiment: moved } = await server.data(UPDATE, {
      input: { id: grandchild, parentExperimentId: null },
    });
    expect(moved.experiment.parent).toBeNull();
  });

  it('end with what their epochs say, unless the caller says it', async () => {
    const id = await createExperiment(server);
    await server.data(`mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created } }`, {
      input: {
        experimentId: id,
        epochs: [
          { epoch: 0, metrics: { train_loss: 3, val_loss: 2 }, timing: { durationSeconds: 1800 } },
          { epoch: 1, metrics: { train_loss: 2, val_loss: 0.5 }, timing: { durationSeconds: 1800 } },
          { epoch: 2, metrics: { train_loss: 1, val_loss: 'NaN' }, timing: { durationSeconds: 3600 } },
        ],
      },
    });
    const input = { experimentId: id, status: 'COMPLETED', metrics: { final_val_loss: 0.25, extra: 'Infinity' } };
    const { experiment } = (await server.data(STATUS, { input })).updateExperimentStatus;
    expect(experiment).toMatchObject({
      status: 'COMPLETED',
      liveness: 'FINISHED',
      metrics: {
        bestValLoss: 0.5,
        bestEpoch: 1,
        totalEpochs: 3,
        finalTrainLoss: 1,
        finalValLoss: 0.25,
        trainingTimeHours: 2,
        values: { extra: 'Infinity' },
      },
    });
    expect(Date.parse(experiment.endTime)).toBeGreaterThan(Date.now() - 60_000);
    const again = (await server.data(STATUS, { input })).updateExperimentStatus.experiment;
    expect({ ...again, lastSeenAt: null }).toEqual({ ...experiment, lastSeenAt: null });
  });

  it('move between statuses as allowed, and no other way', async () => {
    const id = await createExperiment(server);
    const move = (status: string) => code(STATUS, { experimentId: id, status });
    for (const status of ['COMPLETED', 'FAILED', 'STOPPED']) {
      expect(await move(status)).toBeUndefined();
      for (const other of ['COMPLETED', 'FAILED', 'STOPPED'].filter((name) => name !== status)) {
        expect(await move(other)).toEqual(['CONFLICT']);
      }
      expect(await move(status)).toBeUndefined();
      expect((await get(id)).endTime).not.toBeNull();
      expect(await move('RUNNING')).toBeUndefined();
      expect(await get(id)).toMatchObject({ status: 'RUNNING', endTime: null });
    }
    expect(await code(STATUS, { experimentId: newId(), status: 'FAILED' })).toEqual(['NOT_FOUND']);
    expect(await code(STATUS, { experimentId: id, status: 'RUNNING', endTime: '2025-01-01T00:00:00Z' })).toEqual([
      'BAD_USER_INPUT',
    ]);
  });

  it('are alive while heartbeats come, and stalled after 5 minutes of silence', async () => {
    const id = await createExperiment(server);
    const beat = await server.data(
      `mutation { heartbeat(experimentId: "${id}") { experiment { liveness lastSeenAt } } }`,
    );
    expect(beat.heartbeat.experiment.liveness).toBe('ALIVE');
    const past = new Date(Date.now() - 6 * 60_000);
    await server.stores.database.collections.experiments.updateOne(
      { _id: new ObjectId(id) },
      { $set: { last_seen_at: past, last_heartbeat_at: past } },
    );
    expect((await get(id)).liveness).toBe('STALLED');
    await logEpochs(server, id, 1);
    expect((await get(id)).liveness).toBe('ALIVE');
    const missing = await server.query(`mutation { heartbeat(experimentId: "${newId()}") { experiment { id } } }`);
    expect(missing.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('are deleted with their epochs and checkpoints, and a repeat is harmless', async () => {
    const id = await createExperiment(server);
    const child = await createExperiment(server, { parentExperimentId: id });
    await logEpochs(server, id, 5);
    await saveCheckpoint(server, id, 1);
    expect((await server.data(DELETE, { id })).deleteExperiment).toEqual({
      id,
      deletedEpochs: 5,
      deletedCheckpoints: 1,
    });
    const { epochs, checkpoints } = server.stores.database.collections;
    const orphans = { experiment_id: new ObjectId(id) };
    expect([await epochs.countDocuments(orphans), await checkpoints.countDocuments(orphans)]).toEqual([0, 0]);
    expect(await get(id)).toBeNull();
    expect((await get(child)).parent).toBeNull();
    expect((await server.data(DELETE, { id })).deleteExperiment).toEqual({
      id,
      deletedEpochs: 0,
      deletedCheckpoints: 0,
    });
  });

  it('leave no orphans when epochs arrive during the deletion', async () => {
    const id = await createExperiment(server);
    await logEpochs(server, id, 50);
    const log = async (epoch: number) =>
      server.query(`mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome } }`, {
        input: { experimentId: id, epoch, metrics: { val_loss: 1 } },
      });
    const [, ...logged] = await Promise.all([
      server.data(DELETE, { id }),
      ...Array.from({ length: 30 }, (_, index) => log(100 + index)),
    ]);
    for (const { errors } of logged) if (errors) expect(errors[0]!.extensions.code).toBe('NOT_FOUND');
    const { epochs } = server.stores.database.collections;
    expect(await epochs.countDocuments({ experiment_id: new ObjectId(id) })).toBe(0);
  });
});
