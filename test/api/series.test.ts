import { Decimal128, Long, ObjectId } from 'mongodb';
import { createExperiment, LOG_EPOCHS } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

interface Series {
  name: string;
  epochs: number[];
  values: (number | string)[];
  totalPoints: number;
  sampled: boolean;
}

const SERIES = `query ($id: ID!, $metrics: [String!], $maxPoints: Int) {
  experiment(id: $id) { series(metrics: $metrics, maxPoints: $maxPoints) { name epochs values totalPoints sampled } }
}`;

describe('Experiment.series', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const series = async (id: string, args: Record<string, unknown> = {}) =>
    (await server.data(SERIES, { id, ...args })).experiment.series as Series[];

  /** A run with these metrics, by epoch. */
  const run = async (epochs: Record<number, Record<string, number | string>>): Promise<string> => {
    const id = await createExperiment(server);
    const inputs = Object.entries(epochs).map(([epoch, metrics]) => ({ epoch: Number(epoch), metrics }));
    await server.data(LOG_EPOCHS, { input: { experimentId: id, epochs: inputs } });
    return id;
  };
  const whole = (name: string, epochs: number[], values: (number | string)[]): Series => ({
    name,
    epochs,
    values,
    totalPoints: epochs.length,
    sampled: false,
  });

  it('has each metric with the epochs that have it, NaN included', async () => {
    const id = await run({
      5: { loss: 0.5, acc: 1 },
      0: { loss: 'NaN' },
      2: { acc: 'Infinity', 'val.r2': -0.25, '50%': 1, $cost: 2, 'ä ö': 3 },
      3: { loss: 0.1 },
    });
    expect(await series(id)).toEqual([
      whole('$cost', [2], [2]),
      whole('50%', [2], [1]),
      whole('acc', [2, 5], ['Infinity', 1]),
      whole('loss', [0, 3, 5], ['NaN', 0.1, 0.5]),
      whole('val.r2', [2], [-0.25]),
      whole('ä ö', [2], [3]),
    ]);
  });

  it('has the metrics asked for in the order asked, those not stored empty, one named twice twice', async () => {
    const id = await run({ 0: { loss: 1, 'val.r2': 0.5, val: 2 } });
    const metrics = ['val.r2', 'none', 'loss', 'val.r2', 'val', '__proto__', 'constructor'];
    const found = await series(id, { metrics });
    expect(found.map(({ name }) => name)).toEqual(metrics);
    expect(found.map(({ values }) => values)).toEqual([[0.5], [], [1], [0.5], [2], [], []]);
    expect(found[1]).toEqual(whole('none', [], []));
    expect(await series(id, { metrics: [] })).toEqual([]);
  });

  it('takes a metric with any name', async () => {
    const names = ['__proto__', 'constructor', '_bsontype', 'toString', '0', '%2E', 'a"b'];
    // As JSON text: an object literal would make a prototype of the first.
    const id = await run({ 0: JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}: 1`).join()}}`) });
    expect(await series(id)).toEqual([...names].sort().map((name) => whole(name, [0], [1])));
    expect(await series(id, { metrics: names })).toEqual(names.map((name) => whole(name, [0], [1])));
  });

  it('is empty for a run without epochs', async () => {
    const id = await createExperiment(server);
    expect(await series(id)).toEqual([]);
    expect(await series(id, { metrics: ['loss'] })).toEqual([whole('loss', [], [])]);
  });

  it('is thinned out to maxPoints, first, last and extremes kept, the same each time', async () => {
    const value = (epoch: number) => (epoch === 700 ? 50 : epoch === 333 ? -50 : Math.sin(epoch / 50));
    const epochs = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [
        2 * index,
        { loss: index === 10 ? 'NaN' : value(index), ...(index < 5 ? { few: index } : {}) },
      ]),
    );
    const id = await run(epochs);
    const [loss, few] = await series(id, { metrics: ['loss', 'few'], maxPoints: 40 });
    expect(few).toEqual(whole('few', [0, 2, 4, 6, 8], [0, 1, 2, 3, 4]));
    expect(loss).toMatchObject({ totalPoints: 1000, sampled: true });
    expect(loss!.epochs.length).toBeLessThanOrEqual(40);
    expect(loss!.epochs.length).toBeGreaterThan(20);
    expect(loss!.epochs).toEqual([...loss!.epochs].sort((a, b) => a - b));
    expect([loss!.epochs[0], loss!.epochs.at(-1)]).toEqual([0, 1998]);
    expect(loss!.values).toEqual(loss!.epochs.map((epoch) => value(epoch / 2)));
    expect(loss!.values).toEqual(expect.arrayContaining([50, -50]));
    expect(await series(id, { metrics: ['loss', 'few'], maxPoints: 40 })).toEqual([loss, few]);
    const [all] = await series(id, { metrics: ['loss'] });
    expect(all).toMatchObject({ totalPoints: 1000, sampled: false });
    expect(all!.values[10]).toBe('NaN');
    const [one] = await series(id, { metrics: ['loss'], maxPoints: 1 });
    expect(one).toEqual({ name: 'loss', epochs: [0], values: [0], totalPoints: 1000, sampled: true });
  });

  it('thins out to 1000 points where nothing is said', async () => {
    const id = await createExperiment(server);
    const experiment_id = new ObjectId(id);
    await server.stores.database.collections.epochs.insertMany(
      Array.from({ length: 1200 }, (_, epoch) => ({ experiment_id, epoch, metrics: { loss: epoch } })),
    );
    for (const maxPoints of [undefined, null, 1000]) {
      const [loss] = await series(id, { maxPoints });
      expect([loss!.values.length <= 1000, loss!.totalPoints, loss!.sampled]).toEqual([true, 1200, true]);
    }
    const [all] = await series(id, { maxPoints: 10_000 });
    expect(all).toMatchObject({ totalPoints: 1200, sampled: false });
  });

  it('answers several questions about many runs at once', async () => {
    const ids = await Promise.all([1, 2, 3].map((loss) => run({ 0: { loss, acc: loss }, 1: { loss: loss / 2 } })));
    const { nodes } = await server.data(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Experiment {
        loss: series(metrics: ["loss"]) { values } acc: series(metrics: ["acc"], maxPoints: 1) { name epochs } all: series { name }
      } } }`,
      { ids },
    );
    expect(nodes).toEqual(
      [1, 2, 3].map((loss) => ({
        loss: [{ values: [loss, loss / 2] }],
        acc: [{ name: 'acc', epochs: [0] }],
        all: [{ name: 'acc' }, { name: 'loss' }],
      })),
    );
  });

  it('leaves out what is no epoch and no number, and reads numbers of every type', async () => {
    const id = await createExperiment(server);
    const experiment_id = new ObjectId(id);
    const bad = (epoch: unknown, metrics: unknown) => ({ experiment_id, epoch, metrics });
    await server.stores.database.collections.epochs.insertMany([
      bad(0, { loss: Long.fromNumber(3), text: 'x', none: null, list: [1], when: new Date(0) }),
      bad(1, { loss: Decimal128.fromString('0.5') }),
      bad(2, { loss: Long.fromString('9007199254740993') }),
      bad(Long.fromNumber(3), { loss: NaN }),
      bad(4, [1, 2]),
      bad(5, [{ loss: 1 }]),
      bad(6, 'none'),
      bad(7, new Date(0)),
      bad(8, null),
      bad('nine', { loss: 9 }),
      bad(1.5, { loss: 9 }),
      bad(2 ** 40, { loss: 9 }),
      bad(null, { loss: 9 }),
      { experiment_id: 'other', epoch: 0, metrics: { loss: 9 } },
    ]);
    const loss = whole('loss', [0, 1, 2, 3], [3, 0.5, 9007199254740992, 'NaN']);
    expect(await series(id)).toEqual([loss]);
    expect(await series(id, { metrics: ['loss', 'text', 'list', '0'] })).toEqual([
      loss,
      ...['text', 'list', '0'].map((name) => whole(name, [], [])),
    ]);
  });

  it.each([
    { maxPoints: 0 },
    { maxPoints: -1 },
    { maxPoints: 10_001 },
    { metrics: [''] },
    { metrics: ['a\0'] },
    { metrics: ['\ud800'] },
  ])('refuses %j', async (args) => {
    const id = await createExperiment(server);
    const { errors } = await server.query(SERIES, { id, ...args });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    ['a name of 1025 characters', ['x'.repeat(1025)]],
    ['251 names', Array.from({ length: 251 }, (_, index) => `m${index}`)],
  ])('refuses %s', async (_, metrics) => {
    const args = { metrics };
    const id = await createExperiment(server);
    const { errors } = await server.query(SERIES, { id, ...args });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });
});
