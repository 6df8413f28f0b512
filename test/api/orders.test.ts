import { Decimal128, Long, ObjectId, type Document } from 'mongodb';
import { Random } from '../embedded/random';
import { startServer, type TestServer } from '../kit/server';

interface Page {
  nodes: { id: string; name: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const LIST = `query ($filter: ExperimentFilter, $orderBy: [ExperimentOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  experiments(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { id name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

describe('orders', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    await collection().deleteMany({});
  });

  const collection = () => server.stores.database.collections.experiments;
  const page = async (variables: Record<string, unknown>): Promise<Page> =>
    (await server.data(LIST, variables)).experiments as Page;

  /** The names of a whole list, in pages of two, forward and then backward. */
  const both = async (variables: Record<string, unknown>): Promise<[string[], string[]]> => {
    const forward: string[] = [];
    for (let after: string | null = null; ;) {
      const { nodes, pageInfo }: Page = await page({ ...variables, first: 2, after });
      forward.push(...nodes.map(({ name }) => name));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    const backward: string[] = [];
    for (let before: string | null = null; ;) {
      const { nodes, pageInfo }: Page = await page({ ...variables, last: 2, before });
      backward.unshift(...nodes.map(({ name }) => name));
      if (!pageInfo.hasPreviousPage) break;
      before = pageInfo.startCursor;
    }
    return [forward, backward];
  };

  const ORDERS: [string, Record<string, unknown>[]][] = [
    ['a plain field', [{ field: 'BEST_VAL_LOSS', direction: 'DESC' }]],
    ['a metric', [{ metric: 'best_val_loss', direction: 'DESC' }]],
    ['a path in config', [{ configPath: 'loss', direction: 'DESC' }]],
    ['two keys', [{ field: 'CHALLENGE' }, { field: 'BEST_VAL_LOSS', direction: 'DESC' }]],
  ];

  it.each(ORDERS)('by %s: numbers past a double, decimals and infinities page like any other', async (_, orderBy) => {
    const values: Record<string, unknown> = {
      infinity: Infinity,
      'past 2^53': Long.fromString('9007199254740993'),
      'at 2^53': 2 ** 53,
      'a little more': Decimal128.fromString('0.1000000000000000000000000000000001'),
      'a decimal': Decimal128.fromString('0.1'),
      less: Decimal128.fromString('0.0999999999999999999999999999999999'),
      zero: 0,
      '-infinity': -Infinity,
    };
    await collection().insertMany(
      Object.entries(values).map(([experiment_name, value]) => ({
        experiment_name,
        metrics: { best_val_loss: value },
        config: { loss: value },
      })),
    );
    const expected = Object.keys(values);
    expect(await both({ orderBy })).toEqual([expected, expected]);
  });

  it.each(ORDERS)(
    'by %s: missing, null, NaN and ill-typed values come last, whatever the direction',
    async (_, orderBy) => {
      const values = [2, 1, undefined, null, NaN, [3, 4], {}, Decimal128.fromString('NaN'), new Date()];
      await collection().insertMany(
        values.map((value, index) => ({
          _id: new ObjectId(String(index).padStart(24, '0')),
          experiment_name: String(index),
          metrics: { best_val_loss: value },
          config: { loss: value },
        })),
      );
      const last = ['2', '3', '4', '5', '6', '7', '8'];
      const descending = ['0', '1', ...[...last].reverse()];
      expect(await both({ orderBy })).toEqual([descending, descending]);
      const upward = orderBy.map((key) => ({ ...key, direction: 'ASC' }));
      expect(await both({ orderBy: upward })).toEqual([
        ['1', '0', ...last],
        ['1', '0', ...last],
      ]);
    },
  );

  it('by a path in config: numbers, then texts, then true and false, then the rest', async () => {
    const values = { a: 2, b: 10, c: '', d: '10', e: '9', f: false, g: true, h: null, i: { x: 1 } };
    await collection().insertMany(
      Object.entries(values).map(([experiment_name, x], index) => ({
        _id: new ObjectId(String(index).padStart(24, '0')),
        experiment_name,
        config: { deep: { 'x%2Ey': x } },
      })),
    );
    const expected = Object.keys(values);
    expect(await both({ orderBy: [{ configPath: 'deep.x%2Ey' }] })).toEqual([expected, expected]);
  });

  it('by a long text', async () => {
    const texts = ['a', 'b', 'c'].map((last) => 'x'.repeat(50_000) + last);
    await collection().insertMany(texts.map((text, index) => ({ experiment_name: String(index), config: { text } })));
    const orderBy = [{ configPath: 'text', direction: 'DESC' }];
    expect(await both({ orderBy })).toEqual([
      ['2', '1', '0'],
      ['2', '1', '0'],
    ]);
  });

  it.each(ORDERS)('by %s: each row that stays is seen once while others come and go', async (_, orderBy) => {
    const random = new Random(7);
    const make = (): Document => {
      const value = random.pick([1, 2, 3, NaN, null]);
      const _id = new ObjectId();
      return {
        _id,
        experiment_name: String(_id),
        status: random.pick(['running', 'failed']),
        challenge: random.below(3),
        metrics: { best_val_loss: value },
        config: { loss: value },
      };
    };
    const documents = Array.from({ length: 60 }, make);
    await collection().insertMany(documents);
    const filter = { status: ['RUNNING'] };
    for (const backward of [false, true]) {
      const before = await both({ filter, orderBy });
      const gone = new Set<string>();
      const seen: string[] = [];
      for (let cursor: string | null = null; ;) {
        const { nodes, pageInfo }: Page = await page({
          filter,
          orderBy,
          ...(backward ? { last: 4, before: cursor } : { first: 4, after: cursor }),
        });
        if (backward) seen.unshift(...nodes.map(({ name }) => name));
        else seen.push(...nodes.map(({ name }) => name));
        if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) break;
        cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
        // The row that the cursor stands for goes, another that has been seen or not, and others come.
        const leaving = [backward ? nodes[0]!.name : nodes.at(-1)!.name, random.pick(before[0])];
        for (const name of leaving) gone.add(name);
        await collection().deleteMany({ experiment_name: { $in: leaving } });
        await collection().insertMany([make(), make()]);
      }
      expect(new Set(seen).size).toBe(seen.length);
      const staying = before[0].filter((name) => !gone.has(name));
      expect(seen.filter((name) => staying.includes(name))).toEqual(staying);
      expect(gone.size).toBeGreaterThan(5);
    }
  });

  const code = async (variables: Record<string, unknown>) => {
    const { errors } = await server.query(LIST, variables);
    return errors?.map(({ extensions }) => extensions.code);
  };

  it('take only cursors of their own', async () => {
    await collection().insertMany([1, 2, 3].map((challenge) => ({ challenge })));
    const orders = [
      [],
      [{ field: 'CHALLENGE' }],
      [{ field: 'CHALLENGE', direction: 'DESC' }],
      [{ field: 'CHALLENGE' }, { field: 'NAME' }],
      [{ metric: 'challenge' }],
      [{ configPath: 'challenge' }],
      [{ field: 'BEST_VAL_LOSS' }],
    ];
    for (const orderBy of orders) {
      const { pageInfo } = await page({ orderBy, first: 1 });
      for (const other of orders) {
        const expected = other === orderBy ? undefined : ['BAD_USER_INPUT'];
        expect([other, await code({ orderBy: other, after: pageInfo.endCursor })]).toEqual([other, expected]);
        expect([other, await code({ orderBy: other, before: pageInfo.endCursor })]).toEqual([other, expected]);
      }
    }
    const { subjects } = await server.data('{ subjects(first: 1) { pageInfo { endCursor } } }');
    expect(subjects.pageInfo.endCursor).toBeNull();
  });

  it.each([
    ['best_val_loss', 'BEST_VAL_LOSS'],
    ['best_epoch', 'BEST_EPOCH'],
    ['total_epochs', 'TOTAL_EPOCHS'],
    ['training_time_hours', 'TRAINING_TIME_HOURS'],
  ])('by the metric %s is by the field of that name: one index, one kind of cursor', async (metric, field) => {
    await collection().insertMany(
      [3, 1, 2, NaN].map((value) => ({ experiment_name: String(value), metrics: { [metric]: value } })),
    );
    const { pageInfo } = await page({ orderBy: [{ field }], first: 1 });
    const rest = await page({ orderBy: [{ metric }], after: pageInfo.endCursor });
    expect(rest.nodes.map(({ name }) => name)).toEqual(['2', '3', 'NaN']);
    const plans = await server.data(
      `query ($a: [ExperimentOrder!], $b: [ExperimentOrder!]) {
        a: explainExperiments(orderBy: $a) { stage indexName documentsExamined }
        b: explainExperiments(orderBy: $b) { stage indexName documentsExamined }
      }`,
      { a: [{ metric }], b: [{ field }] },
    );
    expect(plans.a).toEqual(plans.b);
    if (field === 'BEST_VAL_LOSS') expect(plans.a.indexName).toBe('metrics.best_val_loss_1__id_1');
  });

  it('by the newest first where nothing is said', async () => {
    await collection().insertMany(
      [1, 3, 2].map((day) => ({ experiment_name: String(day), start_time: new Date(Date.UTC(2025, 0, day)) })),
    );
    for (const orderBy of [undefined, null, [], [{ field: 'START_TIME', direction: 'DESC' }]]) {
      expect((await page({ orderBy })).nodes.map(({ name }) => name)).toEqual(['3', '2', '1']);
    }
    expect((await page({ orderBy: [{ field: 'START_TIME' }] })).nodes.map(({ name }) => name)).toEqual(['1', '2', '3']);
  });

  it.each<[string, unknown[]]>([
    ['no way', [{}]],
    ['only a direction', [{ direction: 'ASC' }]],
    ['two ways', [{ field: 'NAME', metric: 'a' }]],
    ['three ways', [{ field: 'NAME', metric: 'a', configPath: 'b' }]],
    ['six keys', Array.from({ length: 6 }, () => ({ field: 'NAME' }))],
    ['100,000 keys', Array.from({ length: 100_000 }, () => ({ field: 'NAME' }))],
    ['an empty metric', [{ metric: '' }]],
    ['an empty path', [{ configPath: '' }]],
    ['a path of dots', [{ configPath: '..' }]],
    ['a NUL', [{ metric: 'a\0' }]],
    ['half a character', [{ configPath: '\udc00' }]],
    ['a field that there is not', [{ field: '$where' }]],
  ])('refuse %s', async (_, orderBy) => {
    expect(await code({ orderBy })).toEqual(['BAD_USER_INPUT']);
  });

  it('take a name of an operator for a name', async () => {
    await collection().insertOne({ metrics: { '%24where': 1 }, config: { '%24where': 1 } });
    for (const orderBy of [
      [{ metric: '$where' }],
      [{ configPath: '$where' }],
      [{ metric: 'a' }, { configPath: 'b.$c' }],
    ]) {
      expect((await page({ orderBy })).nodes).toHaveLength(1);
    }
  });
});
