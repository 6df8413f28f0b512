import { ObjectId } from 'mongodb';
import { createExperiment, logEpochs, newId } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const COMPARE = `query ($ids: [ID!]!) {
  compareExperiments(ids: $ids) {
    experiments { id name }
    configDiff { path values }
    metricDiff { path values }
  }
}`;

describe('compareExperiments', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const compare = async (ids: string[]) => (await server.data(COMPARE, { ids })).compareExperiments;

  it('shows runs in the order asked for, and where they differ', async () => {
    const a = await createExperiment(server, {
      name: 'a',
      config: { lr: 0.1, device: 'cpu', layers: [1, 2], scheduler: { gamma: 0.9, name: 'step' }, 'a.b': 1, $ref: 'x' },
    });
    const b = await createExperiment(server, {
      name: 'b',
      config: { lr: 0.1, layers: [2, 1], scheduler: { gamma: 0.5, name: 'step' }, 'a.b': 2 },
    });
    await logEpochs(server, a, 2);
    const compared = await compare([b, a]);
    expect(compared.experiments).toEqual([
      { id: b, name: 'b' },
      { id: a, name: 'a' },
    ]);
    expect(compared.configDiff).toEqual([
      { path: '$ref', values: [null, 'x'] },
      { path: 'a%2Eb', values: [2, 1] },
      { path: 'device', values: [null, 'cpu'] },
      {
        path: 'layers',
        values: [
          [2, 1],
          [1, 2],
        ],
      },
      { path: 'scheduler.gamma', values: [0.5, 0.9] },
    ]);
    expect(compared.metricDiff).toEqual([
      { path: 'best_epoch', values: [null, 1] },
      { path: 'best_val_loss', values: [null, 0.5] },
      { path: 'final_train_loss', values: [null, 1] },
      { path: 'final_val_loss', values: [null, 0.5] },
      { path: 'total_epochs', values: [null, 2] },
    ]);
  });

  it('gives paths that a config filter takes', async () => {
    const configs = [{ 'x.y': { '50%': 1, $z: 'cpu' } }, { 'x.y': { '50%': 2, $z: 'gpu' } }];
    const ids = await Promise.all(configs.map((config) => createExperiment(server, { config })));
    const { configDiff } = await compare(ids);
    expect(configDiff).toHaveLength(2);
    for (const { path, values } of configDiff) {
      const filter = { config: [{ path, eq: values[0] }] };
      const { experiments } = await server.data(
        'query ($filter: ExperimentFilter) { experiments(filter: $filter) { nodes { id } } }',
        { filter },
      );
      expect(experiments.nodes).toEqual([{ id: ids[0] }]);
    }
  });

  it('finds no difference in one run, and in the same run twice', async () => {
    const id = await createExperiment(server, { config: { a: 1 }, metrics: { loss: 'NaN' } });
    const experiment = { id, name: 'run' };
    expect(await compare([id])).toEqual({ experiments: [experiment], configDiff: [], metricDiff: [] });
    expect(await compare([id, id.toUpperCase()])).toEqual({
      experiments: [experiment, experiment],
      configDiff: [],
      metricDiff: [],
    });
  });

  it('takes runs as other programs left them', async () => {
    const documents = [
      {},
      { config: 'none', metrics: 3 },
      {
        config: { a: { b: NaN }, when: new Date(0), id: new ObjectId('0'.repeat(24)) },
        metrics: { loss: NaN, x: 'x' },
      },
      { config: { a: { b: NaN }, list: [NaN, new Date(0)] }, metrics: { loss: NaN } },
    ];
    const { insertedIds } = await server.stores.database.collections.experiments.insertMany(documents);
    const ids = Object.values(insertedIds).map(String);
    const { configDiff, metricDiff } = await compare(ids);
    expect(configDiff).toEqual([
      { path: 'a.b', values: [null, null, 'NaN', 'NaN'] },
      { path: 'id', values: [null, null, '0'.repeat(24), null] },
      { path: 'list', values: [null, null, null, ['NaN', '1970-01-01T00:00:00.000Z']] },
      { path: 'when', values: [null, null, '1970-01-01T00:00:00.000Z', null] },
    ]);
    expect(metricDiff).toEqual([{ path: 'loss', values: [null, null, 'NaN', 'NaN'] }]);
    expect((await compare(ids.slice(2))).metricDiff).toEqual([]);
  });

  it('refuses none, too many, and what is no id; names the run that does not exist', async () => {
    const id = await createExperiment(server);
    const code = async (ids: string[]) => (await server.query(COMPARE, { ids })).errors?.map((e) => e.extensions.code);
    expect(await code([])).toEqual(['BAD_USER_INPUT']);
    expect(await code(Array.from({ length: 21 }, () => id))).toEqual(['BAD_USER_INPUT']);
    expect(await code(Array.from({ length: 100_000 }, () => id))).toEqual(['BAD_USER_INPUT']);
    expect(await code([id, 'x'])).toEqual(['BAD_USER_INPUT']);
    expect(await code(Array.from({ length: 20 }, () => id))).toBeUndefined();
    const missing = newId();
    const { errors } = await server.query(COMPARE, { ids: [id, missing] });
    expect(errors).toHaveLength(1);
    expect(errors![0]!.extensions.code).toBe('NOT_FOUND');
    expect(errors![0]!.message).toContain(missing);
  });
});
