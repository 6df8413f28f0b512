import { hostname } from 'node:os';
import { ObjectId } from 'mongodb';
import { startServer, type TestServer } from '../kit/server';

const EXPLAIN = `query ($filter: ExperimentFilter, $orderBy: [ExperimentOrder!], $first: Int) {
  explainExperiments(filter: $filter, orderBy: $orderBy, first: $first) {
    stage indexName keysExamined documentsExamined returned raw
  }
}`;

const SIZE = 3000;
const RARE = 10;

/** What each list may use; a database may find one as good as the other. */
const SERVED: [name: string, variables: Record<string, unknown>, indexes: RegExp][] = [
  ['newest first', {}, /^start_time_-1(__id_-1)?$/],
  ['oldest first', { orderBy: [{ field: 'START_TIME' }] }, /^start_time_-1(__id_-1)?$/],
  ['a rare status', { filter: { status: ['FAILED'] } }, /^status_1/],
  ['the latest running', { filter: { status: ['RUNNING'] } }, /^(status_1|start_time_-1)/],
  ['a rare tag', { filter: { tags: { any: ['rare'] } } }, /^tags_1/],
  ['a rare challenge', { filter: { challenge: { eq: 7 } } }, /^challenge_1/],
  ['a name', { filter: { name: { eq: 'run 77' } } }, /^experiment_name_1/],
  [
    'the start of a name',
    { filter: { name: { startsWith: 'rare' } }, orderBy: [{ field: 'NAME' }] },
    /^experiment_name_1/,
  ],
  ['a rare model', { filter: { modelName: { eq: 'rare' } } }, /^model\.name_1/],
  ['one person', { filter: { createdBy: { eq: 'rare' } } }, /^created_by_1/],
  ['a rare release', { filter: { releases: { any: ['rare'] } } }, /^dataset\.releases_1/],
  ['the runs that continue one', { filter: { parentId: '0'.repeat(24) } }, /^parent_experiment_id_1/],
  ['a week', { filter: { startTime: { gte: '2025-01-01T00:00:00Z', lt: '2025-01-01T01:00:00Z' } } }, /^start_time_-1/],
  ['some ids', { filter: { ids: ['0'.repeat(24), '1'.repeat(24)] } }, /^_id_$/],
  ['best first', { orderBy: [{ field: 'BEST_VAL_LOSS' }] }, /^metrics\.best_val_loss_1/],
  ['worst first', { orderBy: [{ field: 'BEST_VAL_LOSS', direction: 'DESC' }] }, /^metrics\.best_val_loss_1/],
  ['by name', { orderBy: [{ field: 'NAME' }] }, /^experiment_name_1/],
  ['lately ended first', { orderBy: [{ field: 'END_TIME', direction: 'DESC' }] }, /^end_time_-1/],
];

describe('explainExperiments', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    const start = Date.UTC(2025, 0, 1);
    const minute = 60_000;
    await server.stores.database.collections.experiments.insertMany(
      Array.from({ length: SIZE }, (_, index) => {
        const isRare = index % (SIZE / RARE) === 0;
        return {
          experiment_name: isRare ? `rare ${index}` : `run ${index}`,
          status: isRare ? 'failed' : index > SIZE - 20 ? 'running' : 'completed',
          challenge: isRare ? 7 : 1 + (index % 2),
          tags: isRare ? ['common', 'rare'] : ['common'],
          model: { name: isRare ? 'rare' : `model ${index % 3}` },
          dataset: { releases: isRare ? ['rare'] : ['R1'] },
          created_by: isRare ? 'rare' : `person ${index % 3}`,
          hostname: `gpu-${index % 5}`,
          config: { device: index % 2 ? 'cpu' : 'cuda:0' },
          metrics: { best_val_loss: (index * 7919) % 1000 },
          start_time: new Date(start + index * minute),
          ...(index > SIZE - 20 ? {} : { end_time: new Date(start + (index + 30) * minute) }),
          ...(isRare ? { parent_experiment_id: new ObjectId('0'.repeat(24)) } : {}),
        };
      }),
    );
  });
  afterAll(() => server.close());

  const explain = async (variables: Record<string, unknown>) =>
    (await server.data(EXPLAIN, variables)).explainExperiments as {
      stage: string;
      indexName: string | null;
      keysExamined: number;
      documentsExamined: number;
      returned: number;
      raw: Record<string, unknown>;
    };

  it.each(SERVED)('%s is found by an index, reading little', async (_, variables, indexes) => {
    const plan = await explain({ first: 10, ...variables });
    expect(plan.indexName).toMatch(indexes);
    expect(plan.stage).not.toBe('COLLSCAN');
    expect(plan.documentsExamined).toBeGreaterThanOrEqual(plan.returned);
    expect(plan.documentsExamined).toBeLessThanOrEqual(100);
    expect(plan.keysExamined).toBeLessThanOrEqual(200);
  });

  it('says what the list does: one document more than the page', async () => {
    expect(await explain({ first: 10 })).toMatchObject({ returned: 11, documentsExamined: 11 });
    expect(await explain({})).toMatchObject({ returned: 21 });
    expect(await explain({ filter: { tags: { any: ['rare'] } }, first: 100 })).toMatchObject({ returned: RARE });
  });

  it('says so where every document is read', async () => {
    const plan = await explain({ filter: { config: [{ path: 'device', eq: 'tpu' }] }, orderBy: [{ metric: 'none' }] });
    expect(plan).toMatchObject({ stage: 'COLLSCAN', indexName: null, documentsExamined: SIZE, returned: 0 });
  });

  it('takes every filter and order, and shows no host', async () => {
    const orders = [[{ field: 'STATUS' }], [{ metric: 'a' }], [{ configPath: 'device' }, { field: 'NAME' }]];
    for (const orderBy of orders) {
      const filter = { liveness: ['ALIVE', 'STALLED'], search: '.*', not: { challenge: { gt: 1 } } };
      const plan = await explain({ filter, orderBy });
      expect(plan.raw).not.toEqual({});
      const text = JSON.stringify(plan.raw);
      for (const secret of [hostname(), '127.0.0.1', 'serverInfo', '"host"', '"port"', 'gitVersion', '.sock']) {
        expect(text).not.toContain(secret);
      }
    }
  });

  it.each([{ first: 0 }, { first: 101 }, { orderBy: [{}] }, { filter: { ids: ['x'] } }])(
    'refuses %j as the list does',
    async (variables) => {
      const { errors } = await server.query(EXPLAIN, variables);
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    },
  );
});
