import { ObjectId } from 'mongodb';
import { newId } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const EXPERIMENTS =
  'query ($filter: ExperimentFilter) { list: experiments(filter: $filter, first: 100, orderBy: [{ field: NAME }]) { totalCount nodes { name } } }';
const SUBJECTS =
  'query ($filter: SubjectFilter) { list: subjects(filter: $filter) { totalCount nodes { name: subjectId } } }';

/** The words of the schema, each by an example; test/api/query-model.test.ts has them all at once. */
describe('filters', () => {
  let server: TestServer;
  let parent: ObjectId;

  beforeAll(async () => {
    server = await startServer();
    const { experiments, subjects } = server.stores.database.collections;
    parent = new ObjectId();
    const now = Date.now();
    await experiments.insertMany([
      {
        _id: parent,
        experiment_name: 'a',
        challenge: 1,
        status: 'completed',
        config: {
          device: 'cpu',
          n: 1,
          nothing: null,
          list: [1, 2],
          scheduler: { gamma: 0.9, name: 'step' },
          'a%2Eb': 1,
        },
        metrics: { best_val_loss: 0.5, grad: NaN },
        tags: ['x', 'y'],
        start_time: new Date('2025-01-01T00:00:00Z'),
        note: 'Über (a+b)',
      },
      {
        experiment_name: 'b',
        challenge: 2,
        status: 'running',
        config: { device: 'cuda:0', n: 2, list: [1], scheduler: { name: 'step', gamma: 0.9 }, text: 'cpu' },
        metrics: { best_val_loss: 0.25 },
        tags: ['y'],
        model: { name: 'EEGNeX' },
        start_time: new Date('2025-02-01T00:00:00Z'),
        parent_experiment_id: parent,
        last_heartbeat_at: new Date(now - 3_600_000),
        last_seen_at: new Date(now - 3_600_000),
      },
      {
        experiment_name: 'c',
        config: { n: '1', list: [[1, 2]], scheduler: {} },
        metrics: { best_val_loss: '0.5' },
        tags: [],
      },
    ]);
    await subjects.insertMany([
      { subject_id: 'sub-A', age: 7, sex: 'F', releases: ['R1'], has_eeg: true, phenotypic: { p: 0.5, q: 'high' } },
      {
        subject_id: 'sub-b',
        age: NaN,
        sex: 'M',
        has_eeg: false,
        splits: { challenge1_split: 'val' },
        phenotypic: { p: NaN },
      },
      { subject_id: 'sub-c' },
    ]);
  });
  afterAll(() => server.close());

  const names = async (document: string, filter: unknown): Promise<string> => {
    const { list } = await server.data(document, { filter });
    expect(list.totalCount).toBe(list.nodes.length);
    return list.nodes.map(({ name }: { name: string }) => name.replace('sub-', '')).join('');
  };

  it.each<[unknown, string]>([
    [undefined, 'abc'],
    [null, 'abc'],
    [{}, 'abc'],
    [{ and: [] }, 'abc'],
    [{ or: [] }, ''],
    [{ not: {} }, ''],
    [{ not: { or: [] } }, 'abc'],
    [{ and: null, or: null, not: null, challenge: null, tags: null, config: null, search: null }, 'abc'],
    [{ challenge: {} }, 'abc'],
    [{ challenge: { eq: null, in: null } }, 'abc'],
    [{ challenge: { eq: 1 } }, 'a'],
    [{ challenge: { ne: 1 } }, 'bc'],
    [{ challenge: { in: [] } }, ''],
    [{ challenge: { in: [2, 3] } }, 'b'],
    [{ challenge: { gt: 1, lte: 2 } }, 'b'],
    [{ challenge: { lt: 2147483647 } }, 'ab'],
    [{ status: ['RUNNING'] }, 'bc'],
    [{ status: ['COMPLETED', 'FAILED'] }, 'a'],
    [{ status: [] }, ''],
    [{ liveness: ['STALLED'] }, 'b'],
    [{ liveness: ['UNKNOWN', 'FINISHED'] }, 'ac'],
    [{ liveness: [] }, ''],
    [{ name: { startsWith: '' } }, 'abc'],
    [{ name: { startsWith: 'b' } }, 'b'],
    [{ modelName: { startsWith: 'EEG' } }, 'b'],
    [{ name: { eq: 'A' } }, ''],
    [{ modelName: { contains: 'GNe' } }, 'b'],
    [{ modelName: { ne: 'EEGNeX' } }, 'ac'],
    [{ tags: { any: ['x', 'y'] } }, 'ab'],
    [{ tags: { all: ['x', 'y'] } }, 'a'],
    [{ tags: { none: ['x'] } }, 'bc'],
    [{ tags: { any: [] } }, ''],
    [{ tags: { all: [], none: [] } }, 'abc'],
    [{ startTime: { gte: '2025-01-01T01:00:00+01:00', lt: '2025-02-01T00:00:00Z' } }, 'a'],
    [{ startTime: { gt: '2025-01-01T00:00:00Z' } }, 'b'],
    [{ endTime: { gt: '1970-01-01T00:00:00Z' } }, ''],
    [{ metrics: [{ name: 'best_val_loss', lt: 0.5 }] }, 'b'],
    [{ metrics: [{ name: 'best_val_loss', exists: true }] }, 'ab'],
    [{ metrics: [{ name: 'best_val_loss', exists: false }] }, 'c'],
    [{ metrics: [{ name: 'grad', exists: true }] }, 'a'],
    [{ metrics: [{ name: 'grad', gte: -1e308 }] }, ''],
    [{ metrics: [{ name: 'grad', lte: 1e308 }] }, ''],
    [{ metrics: [{ name: 'none' }] }, 'abc'],
    [{ metrics: [] }, 'abc'],
    [{ search: 'ÜBER' }, 'a'],
    [{ search: '(a+b)' }, 'a'],
    [{ search: '.*' }, ''],
    [{ search: 'X' }, 'a'],
    [{ search: '' }, 'abc'],
    [{ challenge: { ne: 1 }, tags: { any: ['y'] } }, 'b'],
    [{ or: [{ challenge: { eq: 1 } }, { and: [{ challenge: { eq: 2 } }, { not: { tags: { any: ['x'] } } }] }] }, 'ab'],
  ])('of experiments: %j finds "%s"', async (filter, expected) => {
    expect(await names(EXPERIMENTS, filter)).toBe(expected);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ path: 'device', eq: 'cpu' }, 'a'],
    [{ path: 'device', ne: 'cpu' }, 'bc'],
    [{ path: 'n', eq: 1 }, 'a'],
    [{ path: 'n', eq: '1' }, 'c'],
    [{ path: 'n', in: [1, '1'] }, 'ac'],
    [{ path: 'n', in: [] }, ''],
    [{ path: 'n', gte: 1 }, 'ab'],
    [{ path: 'n', lt: 2 }, 'a'],
    [{ path: 'nothing', eq: null }, 'a'],
    [{ path: 'nothing', ne: null }, 'bc'],
    [{ path: 'nothing', exists: true }, 'a'],
    [{ path: 'nothing', exists: false }, 'bc'],
    [{ path: 'nothing', gt: null, in: null, exists: null }, 'abc'],
    [{ path: 'list', eq: [1, 2] }, 'a'],
    [{ path: 'list', eq: [2, 1] }, ''],
    [{ path: 'list', eq: [[1, 2]] }, 'c'],
    [{ path: 'list', eq: 1 }, ''],
    [{ path: 'list', gte: 0 }, ''],
    [{ path: 'list', exists: true }, 'abc'],
    [{ path: 'list.0', exists: true }, ''],
    [{ path: 'scheduler', eq: { gamma: 0.9, name: 'step' } }, 'ab'],
    [{ path: 'scheduler', eq: { gamma: 0.9 } }, ''],
    [{ path: 'scheduler', eq: {} }, 'c'],
    [{ path: 'scheduler', ne: {} }, 'ab'],
    [{ path: 'scheduler.gamma', eq: 0.9 }, 'ab'],
    [{ path: 'scheduler.gamma.deeper', exists: true }, ''],
    [{ path: 'a%2Eb', eq: 1 }, 'a'],
    [{ path: 'a.b', exists: true }, ''],
    [{ path: 'text', eq: 'cpu', gt: 0 }, ''],
  ])('of config: %j finds "%s"', async (condition, expected) => {
    expect(await names(EXPERIMENTS, { config: [condition] })).toBe(expected);
  });

  it('of ids and parents', async () => {
    expect(await names(EXPERIMENTS, { ids: [String(parent), newId()] })).toBe('a');
    expect(await names(EXPERIMENTS, { ids: [String(parent).toUpperCase()] })).toBe('a');
    expect(await names(EXPERIMENTS, { ids: [] })).toBe('');
    expect(await names(EXPERIMENTS, { parentId: String(parent) })).toBe('b');
    expect(await names(EXPERIMENTS, { parentId: newId() })).toBe('');
  });

  it.each<[unknown, string]>([
    [{ age: { ne: 7 } }, 'bc'],
    [{ age: { lte: 100 } }, 'A'],
    [{ age: { in: [7.0, 8.5] } }, 'A'],
    [{ sex: ['F'] }, 'A'],
    [{ sex: [] }, ''],
    [{ handedness: ['R', 'L', 'A'] }, ''],
    [{ releases: { none: ['R1'] } }, 'bc'],
    [{ challenge1Split: ['VAL', 'TEST'] }, 'b'],
    [{ challenge2Split: ['TRAIN'] }, ''],
    [{ hasEeg: true }, 'A'],
    [{ hasEeg: false }, 'b'],
    [{ hasEeg: null }, 'Abc'],
    [{ hasPhenotypic: false }, ''],
    [{ phenotypic: [{ name: 'p', gt: 0 }] }, 'A'],
    [{ phenotypic: [{ name: 'p', exists: true }] }, 'Ab'],
    [{ phenotypic: [{ name: 'q', exists: true }] }, 'A'],
    [{ search: 'B-B' }, 'b'],
    [{ search: 'sub.' }, ''],
    [{ subjectIds: ['sub-A', 'sub-b', 'SUB-C'] }, 'Ab'],
    [{ not: { or: [{ hasEeg: true }, { subjectIds: ['sub-c'] }] } }, 'b'],
  ])('of subjects: %j finds "%s"', async (filter, expected) => {
    expect(await names(SUBJECTS, filter)).toBe(expected);
  });

  it('given as literals mean the same', async () => {
    const { a, b, c } = await server.data(`{
      a: experiments(filter: { config: [{ path: "nothing", eq: null }] }) { nodes { name } }
      b: experiments(filter: { config: [{ path: "scheduler", eq: { name: "step", gamma: 0.9 } }], challenge: { gt: 1 } }) { nodes { name } }
      c: experiments(filter: { config: { path: "list", eq: [1, 2] }, tags: { any: "x" } }) { nodes { name } }
    }`);
    expect([a, b, c]).toEqual([{ nodes: [{ name: 'a' }] }, { nodes: [{ name: 'b' }] }, { nodes: [{ name: 'a' }] }]);
  });

  const nested = (depth: number): object =>
    depth === 0 ? { challenge: { eq: 1 } } : { [['and', 'or'][depth % 2]!]: [nested(depth - 1)] };

  it('nest 5 deep and no deeper', async () => {
    expect(await names(EXPERIMENTS, nested(5))).toBe('a');
    const { errors } = await server.query(EXPERIMENTS, { filter: nested(6) });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors![0]!.message).toContain('filter.and[0].or[0].and[0].or[0].and[0].or[0]');
  });

  it.each<[string, (size: number) => object]>([
    ['ids', (size) => ({ ids: Array.from({ length: size }, newId) })],
    ['in', (size) => ({ challenge: { in: Array.from({ length: size }, (_, index) => index) } })],
    ['any', (size) => ({ tags: { any: Array.from({ length: size }, String) } })],
    ['or', (size) => ({ or: Array.from({ length: size }, () => ({})) })],
    ['config', (size) => ({ config: Array.from({ length: size }, () => ({ path: 'a', ne: 1 })) })],
    ['config in', (size) => ({ config: [{ path: 'n', in: Array.from({ length: size }, (_, index) => index) }] })],
    ['config eq', (size) => ({ config: [{ path: 'n', eq: Array.from({ length: size }, () => 1) }] })],
    ['metrics', (size) => ({ metrics: Array.from({ length: size }, () => ({ name: 'a' })) })],
  ])('take 250 items of %s and no more', async (_, make) => {
    expect((await server.query(EXPERIMENTS, { filter: make(250) })).errors).toBeUndefined();
    const { errors } = await server.query(EXPERIMENTS, { filter: make(251) });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });
});
