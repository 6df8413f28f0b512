import { ObjectId } from 'mongodb';
import { createExperiment, logEpochs } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

/** Documents as PyMongo scripts, older versions and accidents leave them. */
describe('documents written by other programs', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  it('never break the list that they are in', async () => {
    const { experiments } = server.stores.database.collections;
    await createExperiment(server, { name: 'ours' });
    const odd: Record<string, unknown>[] = [
      {},
      {
        experiment_name: 7,
        challenge: 'two',
        status: 'paused',
        model: 'EEGNeX',
        config: [],
        dataset: null,
        metrics: 3,
      },
      {
        experiment_name: 'a',
        start_time: 'yesterday',
        tags: 'cpu',
        config: { batch_size: 16.5, extra: new ObjectId() },
      },
      {
        experiment_name: 'b',
        tags: ['x', 3, null],
        metrics: { best_val_loss: '0.5', best_epoch: 1.5, loss: NaN, n: null },
      },
      { experiment_name: 'c', parent_experiment_id: 'not an id', dataset: { releases: 'R1', cache_files: [1, 'x'] } },
      {
        experiment_name: 'd',
        end_time: new Date(NaN),
        config: { when: new Date(0), nan: NaN, nested: { deep: [Infinity] } },
      },
      { _id: 'a text id', experiment_name: 'e' },
      { _id: 42, experiment_name: 'f' },
    ];
    await experiments.insertMany(odd);
    const { data, errors } = await server.query(`{ experiments(first: 50) { totalCount nodes {
      id name challenge status liveness tags startTime endTime
      model { name all } config { batchSize all } dataset { releases cacheFiles all }
      metrics { bestValLoss bestEpoch values } parent { id } epochCount epochs { nodes { id } } bestCheckpoint { id }
      subjects { nodes { id } } children { nodes { id } }
    } } }`);
    expect(errors).toBeUndefined();
    const nodes = data.experiments.nodes as Record<string, any>[];
    expect(nodes).toHaveLength(9);
    const named = (name: string) => nodes.find((node) => node.name === name)!;
    expect(nodes.filter(({ name }) => name === '')).toHaveLength(2);
    expect(named('a')).toMatchObject({ tags: ['cpu'], config: { batchSize: null, all: { batch_size: 16.5 } } });
    expect(named('b')).toMatchObject({
      tags: ['x'],
      metrics: { bestValLoss: null, bestEpoch: null, values: { loss: 'NaN' } },
    });
    expect(named('c')).toMatchObject({ parent: null, dataset: { releases: ['R1'], cacheFiles: ['x'] } });
    expect(named('d').config.all).toEqual({
      when: '1970-01-01T00:00:00.000Z',
      nan: 'NaN',
      nested: { deep: ['Infinity'] },
    });
    expect([named('e').id, named('f').id]).toEqual(['a text id', '42']);
  });

  it('are reported once for each field', async () => {
    const reports = server.log.filter(({ collection, field }) => collection === 'experiments' && field === 'status');
    expect(reports).toHaveLength(1);
  });

  it('are left out where no record can be made of them', async () => {
    const id = await createExperiment(server);
    await logEpochs(server, id, 3);
    const experiment_id = new ObjectId(id);
    const { epochs, checkpoints, subjects } = server.stores.database.collections;
    await epochs.insertMany([
      { experiment_id, epoch: 'four', metrics: {} },
      { experiment_id, epoch: 7, metrics: 'none', timing: 5, timestamp: 'now' },
      { metrics: {} },
    ]);
    await checkpoints.insertMany([
      { experiment_id, epoch: 1 },
      { experiment_id, epoch: null, is_best: true },
    ]);
    await subjects.insertMany([
      { subject_id: 's', age: 'old', sex: 'X', releases: [1], splits: { challenge1_split: 'all' } },
      { age: 1 },
    ]);
    const answer = await server.query(`{
      experiment(id: "${id}") {
        epochs { nodes { epoch timing { durationSeconds } metrics { values } timestamp } }
        checkpoints { nodes { epoch file { path } isBest timestamp } }
        bestCheckpoint { id }
      }
      subjects { nodes { subjectId age sex releases splits { challenge1 } } }
    }`);
    expect(answer.errors).toBeUndefined();
    const { experiment, subjects: list } = answer.data;
    expect(experiment.epochs.nodes.map(({ epoch }: { epoch: number }) => epoch)).toEqual([0, 1, 2, 7]);
    expect(experiment.epochs.nodes[3]).toMatchObject({ timing: null, metrics: { values: {} } });
    expect(experiment.checkpoints.nodes).toMatchObject([{ epoch: 1, file: { path: '' }, isBest: false }]);
    expect(experiment.bestCheckpoint).toBeNull();
    expect(list.nodes).toEqual([{ subjectId: 's', age: null, sex: null, releases: [], splits: { challenge1: null } }]);
  });

  it('take updates of ours', async () => {
    const _id = new ObjectId();
    const { experiments } = server.stores.database.collections;
    await experiments.insertOne({
      _id,
      experiment_name: 'legacy',
      status: 'running',
      metrics: { best_val_loss: 0.001 },
    });
    await logEpochs(server, _id.toHexString(), 2);
    const { experiment } = await server.data(
      `{ experiment(id: "${_id.toHexString()}") { metrics { bestValLoss bestEpoch totalEpochs } } }`,
    );
    expect(experiment.metrics).toEqual({ bestValLoss: 0.5, bestEpoch: 1, totalEpochs: 2 });
    const upsert = await server.data(
      `mutation { upsertSubjects(subjects: [{subjectId: "s", phenotypic: {a: 1}, splits: {challenge1: TEST}}]) { updated errors { message } } }`,
    );
    expect(upsert.upsertSubjects).toEqual({ updated: 1, errors: [] });
  });
});
