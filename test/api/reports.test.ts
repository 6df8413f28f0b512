import { Decimal128, Long, ObjectId } from 'mongodb';
import { startServer, type TestServer } from '../kit/server';

const MINUTE = 60_000;

describe('reports', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const { experiments, subjects } = server.stores.database.collections;
    await Promise.all([experiments.deleteMany({}), subjects.deleteMany({})]);
  });

  /** Stores experiments as they stand, with ids that ascend; named by their place. */
  const store = async (...documents: Record<string, unknown>[]): Promise<void> => {
    await server.stores.database.collections.experiments.insertMany(
      documents.map((document, index) => ({
        _id: new ObjectId(`${index.toString(16).padStart(24, '0')}`),
        experiment_name: String(index),
        ...document,
      })),
    );
  };
  const done = (challenge: unknown, loss: unknown, more: Record<string, unknown> = {}) => ({
    status: 'completed',
    challenge,
    metrics: { best_val_loss: loss },
    ...more,
  });

  describe('bestExperiments', () => {
    const best = async (args: string): Promise<string[]> => {
      const { bestExperiments } = await server.data(`{ bestExperiments(${args}) { name } }`);
      return bestExperiments.map(({ name }: { name: string }) => name);
    };

    beforeEach(() =>
      store(
        done(1, 0.5),
        done(1, 0.2),
        done(1, NaN),
        done(1, 0.2),
        done(1, null),
        done(1, 'low'),
        done(1, [0.1]),
        done(1, undefined),
        { ...done(1, 0.1), status: 'running' },
        { ...done(1, 0.1), status: 'failed' },
        done(2, 0.1),
        done(1, -Infinity, { metrics: { best_val_loss: -Infinity, 'val%2Er2': 0.9 } }),
        done(1, 0, { metrics: { 'val%2Er2': 0.95 } }),
        done(1, Decimal128.fromString('0.3')),
        { status: 'completed', challenge: 1, metrics: [{ best_val_loss: 0.1 }] },
      ),
    );

    it('are the COMPLETED ones of the challenge that have the metric, least first, ties by id', async () => {
      expect(await best('challenge: 1')).toEqual(['11', '1', '3', '13', '0']);
      expect(await best('challenge: 1, first: 2')).toEqual(['11', '1']);
      expect(await best('challenge: 1, first: null, metric: null, direction: null')).toHaveLength(5);
      expect(await best('challenge: 3')).toEqual([]);
    });

    it('go by another metric, and by the largest', async () => {
      expect(await best('challenge: 1, metric: "val.r2", direction: DESC')).toEqual(['12', '11']);
      expect(await best('challenge: 1, direction: DESC, first: 1')).toEqual(['0']);
      expect(await best('challenge: 1, metric: "none"')).toEqual([]);
    });

    it.each(['first: 0', 'first: 101', 'first: -1', 'metric: ""', 'metric: "a\\u0000"'])('refuse %s', async (args) => {
      const { errors } = await server.query(`{ bestExperiments(challenge: 1, ${args}) { name } }`);
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    });
  });

  describe('bestPerChallenge', () => {
    const best = async (args = ''): Promise<unknown[]> => {
      const { bestPerChallenge } = await server.data(
        `{ bestPerChallenge${args} { challenge experimentCount experiment { name metrics { bestValLoss } } } }`,
      );
      return bestPerChallenge.map(({ challenge, experimentCount, experiment }: Record<string, any>) => [
        challenge,
        experimentCount,
        experiment.name,
      ]);
    };

    it('has one for each challenge, in their order, with how many have the metric', async () => {
      await store(
        done(2, 0.4),
        done(1, 0.5),
        done(1, 0.2),
        done(1, 0.2),
        done(1, NaN),
        done(2, Long.fromNumber(0)),
        done(3, NaN),
        done(undefined, 0.1),
        done('1', 0.1),
        done(1.5, 0.1),
        done(2 ** 40, 0.1),
        done([1], 0.1),
        done(1, [0.1]),
        { ...done(4, 0.1), status: 'stopped' },
        done(Long.fromNumber(7), Decimal128.fromString('0.5')),
      );
      expect(await best()).toEqual([
        [1, 3, '2'],
        [2, 2, '5'],
        [7, 1, '14'],
      ]);
      expect(await best('(direction: DESC)')).toEqual([
        [1, 3, '1'],
        [2, 2, '0'],
        [7, 1, '14'],
      ]);
      expect(await best('(metric: "none")')).toEqual([]);
    });

    it('agrees with bestExperiments, ties included', async () => {
      await store(...Array.from({ length: 12 }, (_, index) => done((index % 3) + 1, (index * 7) % 4)));
      for (const direction of ['ASC', 'DESC']) {
        const data = await server.data(`{
          bestPerChallenge(direction: ${direction}) { challenge experiment { id } }
          one: bestExperiments(challenge: 1, first: 1, direction: ${direction}) { id }
          two: bestExperiments(challenge: 2, first: 1, direction: ${direction}) { id }
          three: bestExperiments(challenge: 3, first: 1, direction: ${direction}) { id }
        }`);
        expect(data.bestPerChallenge).toEqual(
          ['one', 'two', 'three'].map((name, index) => ({ challenge: index + 1, experiment: data[name][0] })),
        );
      }
    });
  });

  describe('trainingTimeByModel', () => {
    const ask = async (args = '') => {
      const { trainingTimeByModel } = await server.data(
        `{ trainingTimeByModel${args} { modelName averageHours totalHours experimentCount } }`,
      );
      return trainingTimeByModel.map(Object.values);
    };
    const took = (name: unknown, hours: unknown, more: Record<string, unknown> = {}) => ({
      model: { name },
      metrics: { training_time_hours: hours },
      ...more,
    });

    it('averages over the runs that have a time, longest mean first, ties by name', async () => {
      await store(
        took('B', 1),
        took('B', 3, { challenge: 1 }),
        took('A', 2),
        took('C', 8, { challenge: 1 }),
        took('C', NaN),
        took('C', Infinity),
        took('C', 'long'),
        took('C', [5]),
        took('C', null),
        took(undefined, 0.5),
        took(7, Long.fromNumber(1)),
        { model: [{ name: 'D' }], metrics: { training_time_hours: Decimal128.fromString('1.5') } },
        took('E', undefined),
      );
      expect(await ask()).toEqual([
        ['C', 8, 8, 1],
        ['A', 2, 2, 1],
        ['B', 2, 4, 2],
        [null, 1, 3, 3],
      ]);
      expect(await ask('(filter: { challenge: { eq: 1 } })')).toEqual([
        ['C', 8, 8, 1],
        ['B', 3, 3, 1],
      ]);
      expect(await ask('(filter: { or: [] })')).toEqual([]);
    });
  });

  describe('experimentFacets', () => {
    const FACETS =
      'total byStatus { value count } byChallenge { value count } byModel { value count } byTag { value count } byLiveness { value count }';
    const counts = (rows: { value: string | null; count: number }[]) => rows.map(({ value, count }) => [value, count]);

    it('count by each property, most frequent first, ties by value', async () => {
      const now = Date.now();
      const beat = (minutes: number) => new Date(now - minutes * MINUTE);
      await store(
        { status: 'running', challenge: 1, model: { name: 'B' }, tags: ['x', 'y', 'x'] },
        {
          status: 'running',
          challenge: Long.fromNumber(1),
          model: { name: 'A' },
          tags: 'y',
          last_heartbeat_at: beat(1),
        },
        { challenge: 2, model: { name: 'A' }, tags: [], last_heartbeat_at: beat(60), last_seen_at: beat(60) },
        {
          status: null,
          challenge: 2.0,
          model: {},
          tags: [3, null, ['x']],
          last_heartbeat_at: beat(60),
          last_seen_at: beat(2),
        },
        { status: 'completed', challenge: 'one', model: 'A', last_heartbeat_at: beat(60) },
        { status: 'completed', challenge: 1.5, model: { name: 5 }, tags: 7 },
        { status: 'failed', challenge: NaN, tags: ['z'] },
        { status: 'stopped', challenge: Decimal128.fromString('2.0'), tags: ['y'] },
        { status: 'paused', challenge: 2 ** 40, model: null },
      );
      const { experimentFacets: facets } = await server.data(`{ experimentFacets { ${FACETS} } }`);
      expect(facets.total).toBe(9);
      expect(counts(facets.byStatus)).toEqual([
        ['RUNNING', 4],
        ['COMPLETED', 2],
        [null, 1],
        ['FAILED', 1],
        ['STOPPED', 1],
      ]);
      expect(counts(facets.byChallenge)).toEqual([
        [null, 4],
        ['2', 3],
        ['1', 2],
      ]);
      expect(counts(facets.byModel)).toEqual([
        [null, 6],
        ['A', 2],
        ['B', 1],
      ]);
      expect(counts(facets.byTag)).toEqual([
        ['y', 3],
        ['x', 1],
        ['z', 1],
      ]);
      expect(counts(facets.byLiveness)).toEqual([
        ['FINISHED', 4],
        ['ALIVE', 2],
        ['UNKNOWN', 2],
        ['STALLED', 1],
      ]);
    });

    it('count what is under the filter, which may be nothing', async () => {
      await store({ challenge: 1, tags: ['a'] }, { challenge: 2, tags: ['a', 'b'] });
      const { some, none } = await server.data(`{
        some: experimentFacets(filter: { challenge: { eq: 1 } }) { total byTag { value count } byModel { value count } }
        none: experimentFacets(filter: { challenge: { eq: 3 } }) { ${FACETS} }
      }`);
      expect(some).toEqual({
        total: 1,
        byTag: [{ value: 'a', count: 1 }],
        byModel: [{ value: null, count: 1 }],
      });
      expect(none).toEqual({ total: 0, byStatus: [], byChallenge: [], byModel: [], byTag: [], byLiveness: [] });
    });

    it('agree on liveness with the filter and with the field, whatever is stored', async () => {
      const now = Date.now();
      const times = [
        undefined,
        null,
        'now',
        new Date(now - MINUTE),
        new Date(now - 60 * MINUTE),
        new Date(now + 60 * MINUTE),
      ];
      const statuses = ['running', 'completed', 'failed', 'stopped', 'paused', null, undefined, 3];
      await store(
        ...statuses.flatMap((status) =>
          times.flatMap((beat) => times.map((seen) => ({ status, last_heartbeat_at: beat, last_seen_at: seen }))),
        ),
      );
      const byField = new Map<string, number>();
      for (let after = 'null'; ;) {
        const { experiments } = await server.data(
          `{ experiments(first: 100, after: ${after}) { nodes { liveness } pageInfo { hasNextPage endCursor } } }`,
        );
        for (const { liveness } of experiments.nodes) byField.set(liveness, (byField.get(liveness) ?? 0) + 1);
        if (!experiments.pageInfo.hasNextPage) break;
        after = JSON.stringify(experiments.pageInfo.endCursor);
      }
      const states = ['ALIVE', 'STALLED', 'UNKNOWN', 'FINISHED'];
      const data = await server.data(
        `{ experimentFacets { total byLiveness { value count } } ${states
          .map((state) => `${state}: experiments(filter: { liveness: [${state}] }) { totalCount }`)
          .join(' ')} }`,
      );
      const expected = Object.fromEntries(byField);
      expect(Object.keys(expected).sort()).toEqual([...states].sort());
      expect(data.experimentFacets.total).toBe(statuses.length * times.length ** 2);
      expect(Object.fromEntries(counts(data.experimentFacets.byLiveness))).toEqual(expected);
      expect(Object.fromEntries(states.map((state) => [state, data[state].totalCount]))).toEqual(expected);
    });
  });

  describe('subjectFacets', () => {
    it('count by each property, with a histogram of ages', async () => {
      await server.stores.database.collections.subjects.insertMany([
        { subject_id: 'a', age: 7.9, sex: 'F', releases: ['R1', 'R2', 'R1'], splits: { challenge1_split: 'train' } },
        { subject_id: 'b', age: Long.fromNumber(7), sex: 'M', releases: 'R2', splits: { challenge1_split: 'val' } },
        {
          subject_id: 'c',
          age: Decimal128.fromString('9.5'),
          sex: 'F',
          releases: [],
          splits: { challenge2_split: 'test' },
        },
        { subject_id: 'd', age: NaN, sex: 'X', splits: { challenge1_split: 'all' } },
        { subject_id: 'e', age: [5], sex: ['F'], releases: [1], splits: [{ challenge1_split: 'train' }] },
        { subject_id: 'f', age: 'seven', splits: 'train' },
        { subject_id: 'g', age: Infinity },
        { subject_id: 'h', age: -1 },
        { subject_id: 5, age: 1, sex: 'M', releases: ['R1'] },
      ]);
      const { subjectFacets, none } = await server.data(`{
        subjectFacets {
          total byRelease { value count } bySex { value count }
          byChallenge1Split { value count } byChallenge2Split { value count } ageHistogram { from to count }
        }
        none: subjectFacets(filter: { search: "z" }) { total bySex { value count } ageHistogram { from } }
      }`);
      expect(subjectFacets).toEqual({
        total: 8,
        byRelease: [
          { value: 'R2', count: 2 },
          { value: 'R1', count: 1 },
        ],
        bySex: [
          { value: null, count: 5 },
          { value: 'F', count: 2 },
          { value: 'M', count: 1 },
        ],
        byChallenge1Split: [
          { value: null, count: 6 },
          { value: 'TRAIN', count: 1 },
          { value: 'VAL', count: 1 },
        ],
        byChallenge2Split: [
          { value: null, count: 7 },
          { value: 'TEST', count: 1 },
        ],
        ageHistogram: [
          { from: 7, to: 8, count: 2 },
          { from: 8, to: 9, count: 0 },
          { from: 9, to: 10, count: 1 },
        ],
      });
      expect(none).toEqual({ total: 0, bySex: [], ageHistogram: [] });
    });
  });
});
