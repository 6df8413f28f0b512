import { ObjectId } from 'mongodb';
import { createExperiment, LOG_EPOCH, LOG_EPOCHS, newId, saveCheckpoint, SAVE } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const METRICS = `query ($id: ID!) {
  experiment(id: $id) { epochCount metrics { bestValLoss bestEpoch totalEpochs finalTrainLoss finalValLoss } }
}`;

describe('epochs', () => {
  let server: TestServer;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
  });
  beforeEach(async () => {
    id = await createExperiment(server);
  });
  afterAll(() => server.close());

  const log = (epoch: number, metrics: object, more: object = {}) =>
    server.data(LOG_EPOCH, { input: { experimentId: id, epoch, metrics, ...more } });
  const outcome = async (...args: Parameters<typeof log>) => (await log(...args)).logEpoch.outcome;
  const metrics = async () => (await server.data(METRICS, { id })).experiment.metrics;

  it('come back whole, whatever the metrics are called', async () => {
    const values = {
      train_loss: 0.1,
      val_loss: 'NaN',
      learning_rate: 1e-300,
      'loss.a.b': 1,
      $set: 2,
      '50%': 3,
      '%2E': 4,
      __proto__x: 5,
      _bsontype: 6,
      '0': 7,
      'ünïcode 😀': '-Infinity',
      constructor: 8,
      ' ': 9,
    };
    const all = JSON.parse(`{"__proto__": 10, ${JSON.stringify(values).slice(1)}`) as object;
    const timing = {
      durationSeconds: 3240.5,
      samplesPerSecond: 31.98,
      epochStart: '2025-10-20T16:41:00.000Z',
      epochEnd: '2025-10-20T17:35:00.000Z',
    };
    const memory = { gpuAllocatedMb: 0, gpuCachedMb: 0.5, cpuRssMb: 4096 };
    const timestamp = '2025-10-20T17:35:00.000Z';
    await log(15, all, { timing, memory, timestamp });
    const { experiment } = await server.data(
      `query ($id: ID!, $dotted: String!) { experiment(id: $id) { epoch(number: 15) {
      epoch timestamp experiment { id }
      metrics { trainLoss valLoss learningRate valMae values dotted: value(name: $dotted) none: value(name: "none") }
      timing { durationSeconds samplesPerSecond epochStart epochEnd } memory { gpuAllocatedMb gpuCachedMb cpuRssMb }
    } } }`,
      { id, dotted: 'loss.a.b' },
    );
    expect(JSON.stringify(Object.entries(experiment.epoch.metrics.values).sort())).toBe(
      JSON.stringify(Object.entries(all).sort()),
    );
    expect(experiment.epoch).toMatchObject({
      epoch: 15,
      timestamp,
      experiment: { id },
      timing,
      memory,
      metrics: { trainLoss: 0.1, valLoss: 'NaN', learningRate: 1e-300, valMae: null, dotted: 1, none: null },
    });
  });

  it('are stored once with (experiment_id, epoch), as doubles', async () => {
    await log(1, { val_loss: 1 });
    const { db } = server.stores.database;
    const [stored] = await db
      .collection('epochs')
      .find({ experiment_id: new ObjectId(id) }, { promoteValues: false })
      .toArray();
    expect(stored!.metrics.val_loss._bsontype).toBe('Double');
  });

  it('know a repeat, a replacement and a conflict', async () => {
    expect(await outcome(3, { val_loss: 0.5, a: 'NaN' })).toBe('CREATED');
    expect(await outcome(3, { a: 'NaN', val_loss: 0.5 })).toBe('UNCHANGED');
    expect(await outcome(3, { val_loss: 0.4 }, { onConflict: 'KEEP' })).toBe('UNCHANGED');
    const refused = await server.query(LOG_EPOCH, {
      input: { experimentId: id, epoch: 3, metrics: { val_loss: 0.4 }, onConflict: 'ERROR' },
    });
    expect(refused.errors?.[0]?.extensions.code).toBe('CONFLICT');
    expect((await metrics()).bestValLoss).toBe(0.5);
    expect(await outcome(3, { val_loss: 0.5, a: 'NaN' }, { onConflict: 'ERROR' })).toBe('UNCHANGED');
    expect(await outcome(3, { val_loss: 0.4 })).toBe('REPLACED');
    expect(await outcome(3, { val_loss: 0.4 }, { timing: { durationSeconds: 1 } })).toBe('REPLACED');
    expect(await outcome(3, { val_loss: 0.4 })).toBe('REPLACED');
    expect(await outcome(3, { val_loss: 0.4 }, { timestamp: '2020-01-01T00:00:00Z' })).toBe('REPLACED');
    expect(await outcome(3, { val_loss: 0.4 })).toBe('UNCHANGED');
    const { experiment } = await server.data(METRICS, { id });
    expect(experiment.epochCount).toBe(1);
  });

  it('write nothing for an experiment that does not exist', async () => {
    const input = { experimentId: newId(), epoch: 0, metrics: { a: 1 } };
    expect((await server.query(LOG_EPOCH, { input })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const many = { experimentId: input.experimentId, epochs: [{ epoch: 0, metrics: { a: 1 } }] };
    expect((await server.query(LOG_EPOCHS, { input: many })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const { epochs } = server.stores.database.collections;
    expect(await epochs.countDocuments({ experiment_id: new ObjectId(input.experimentId) })).toBe(0);
  });

  it('in a batch are written each on its own, and what failed is listed by index', async () => {
    await log(2, { val_loss: 7 });
    await log(3, { val_loss: 8 });
    const epochs = [
      { epoch: 0, metrics: { val_loss: 1 } },
      { epoch: -1, metrics: { val_loss: 1 } },
      { epoch: 2, metrics: { val_loss: 7 } },
      { epoch: 3, metrics: { val_loss: 9 } },
      { epoch: 4, metrics: { '': 1 } },
      { epoch: 5, metrics: { val_loss: 3 } },
      { epoch: 5, metrics: { val_loss: 4 } },
    ];
    const { logEpochs } = await server.data(LOG_EPOCHS, { input: { experimentId: id, epochs } });
    expect(logEpochs).toMatchObject({ created: 2, replaced: 2, unchanged: 1 });
    expect(logEpochs.errors).toEqual([
      expect.objectContaining({
        index: 1,
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('input.epochs[1].epoch'),
      }),
      expect.objectContaining({
        index: 4,
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('input.epochs[4].metrics'),
      }),
    ]);
    const { experiment } = await server.data(
      `{ experiment(id: "${id}") { epochs { nodes { epoch metrics { valLoss } } } } }`,
    );
    expect(experiment.epochs.nodes).toEqual(
      [
        [0, 1],
        [2, 7],
        [3, 9],
        [5, 4],
      ].map(([epoch, valLoss]) => ({ epoch, metrics: { valLoss } })),
    );
    const conflicting = { experimentId: id, epochs: epochs.slice(0, 4), onConflict: 'ERROR' };
    const { logEpochs: second } = await server.data(LOG_EPOCHS, {
      input: {
        ...conflicting,
        epochs: [
          { epoch: 0, metrics: { val_loss: 2 } },
          { epoch: 9, metrics: {} },
        ],
      },
    });
    expect(second).toMatchObject({ created: 1, errors: [{ index: 0, code: 'CONFLICT' }] });
  });

  it('refuse an empty batch and one of more than 1000', async () => {
    for (const length of [0, 1001]) {
      const epochs = Array.from({ length }, (_, epoch) => ({ epoch, metrics: {} }));
      const { errors } = await server.query(LOG_EPOCHS, { input: { experimentId: id, epochs } });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    const epochs = Array.from({ length: 1000 }, (_, epoch) => ({ epoch, metrics: { val_loss: 1000 - epoch } }));
    const { logEpochs } = await server.data(LOG_EPOCHS, { input: { experimentId: id, epochs } });
    expect(logEpochs).toMatchObject({ created: 1000, errors: [] });
    expect(await metrics()).toMatchObject({ bestValLoss: 1, bestEpoch: 999, totalEpochs: 1000 });
  });

  it("keep the experiment's own metrics true in any order, replaced, and with NaN among them", async () => {
    const empty = { bestValLoss: null, bestEpoch: null, totalEpochs: null, finalTrainLoss: null, finalValLoss: null };
    expect(await metrics()).toEqual(empty);
    await log(5, { train_loss: 5, val_loss: 'NaN' });
    expect(await metrics()).toEqual({ ...empty, totalEpochs: 1, finalTrainLoss: 5, finalValLoss: 'NaN' });
    await log(2, { train_loss: 2, val_loss: 0.2 });
    await log(3, { train_loss: 3, val_loss: 0.3 });
    expect(await metrics()).toMatchObject({ bestValLoss: 0.2, bestEpoch: 2, totalEpochs: 3, finalTrainLoss: 5 });
    await log(2, { val_loss: 0.9 });
    expect(await metrics()).toMatchObject({ bestValLoss: 0.3, bestEpoch: 3, totalEpochs: 3 });
    await log(6, { train_loss: 6, val_loss: 0.3 });
    expect(await metrics()).toMatchObject({ bestValLoss: 0.3, bestEpoch: 3, finalValLoss: 0.3, totalEpochs: 4 });
    await log(3, {});
    expect(await metrics()).toMatchObject({ bestValLoss: 0.3, bestEpoch: 6 });
    await log(6, { train_loss: 6 });
    expect(await metrics()).toMatchObject({ bestValLoss: 0.9, bestEpoch: 2, finalTrainLoss: 6, finalValLoss: null });
    await log(2, {});
    expect(await metrics()).toEqual({ ...empty, totalEpochs: 4, finalTrainLoss: 6 });
    await log(1, { val_loss: '-Infinity' });
    expect(await metrics()).toMatchObject({ bestValLoss: '-Infinity', bestEpoch: 1 });
  });

  it('agree with a recomputation after random writes by many callers at once', async () => {
    let seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    console.log(`random epochs: SEED=${seed}`);
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const losses = [0.1, 0.2, 0.3, 'NaN', 'Infinity', undefined];
    for (let round = 0; round < 15; round++) {
      await Promise.all(
        Array.from({ length: 8 }, () => {
          const epoch = Math.floor(random() * 6);
          const val_loss = losses[Math.floor(random() * losses.length)];
          const train_loss = losses[Math.floor(random() * losses.length)];
          return log(epoch, {
            ...(val_loss === undefined ? {} : { val_loss }),
            ...(train_loss === undefined ? {} : { train_loss }),
          });
        }),
      );
      const { experiment } = await server.data(
        `{ experiment(id: "${id}") { epochs { nodes { epoch metrics { valLoss trainLoss } } } } }`,
      );
      const rows = experiment.epochs.nodes as { epoch: number; metrics: Record<string, number | string | null> }[];
      const best = rows
        .filter(({ metrics: { valLoss } }) => valLoss !== null && valLoss !== 'NaN')
        .sort((a, b) => Number(a.metrics.valLoss) - Number(b.metrics.valLoss) || a.epoch - b.epoch || 0)[0];
      const compared = rows.filter(({ metrics: { valLoss } }) => best && valLoss === best.metrics.valLoss);
      expect(await metrics()).toEqual({
        bestValLoss: best?.metrics.valLoss ?? null,
        bestEpoch: compared[0]?.epoch ?? null,
        totalEpochs: rows.length,
        finalTrainLoss: rows.at(-1)!.metrics.trainLoss,
        finalValLoss: rows.at(-1)!.metrics.valLoss,
      });
    }
  });

  it('of 50 writers of one number end as one document, without an error', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => log(7, { val_loss: index % 5 })));
    expect(answers.filter(({ logEpoch }) => logEpoch.outcome === 'CREATED')).toHaveLength(1);
    const { epochs } = server.stores.database.collections;
    expect(await epochs.countDocuments({ experiment_id: new ObjectId(id) })).toBe(1);
  });
});

describe('checkpoints', () => {
  let server: TestServer;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
  });
  beforeEach(async () => {
    id = await createExperiment(server);
  });
  afterAll(() => server.close());

  const save = async (epoch: number, input: object = {}) =>
    (await server.data(SAVE, { input: { experimentId: id, epoch, file: { path: `${epoch}.pt` }, ...input } }))
      .saveCheckpoint;
  const bests = () =>
    server.stores.database.collections.checkpoints.find({ experiment_id: new ObjectId(id), is_best: true }).toArray();

  it('come back whole', async () => {
    const input = {
      id: newId(),
      isBest: true,
      metrics: { val_loss: 0.0452, val_mae: 'NaN' },
      file: { path: 'checkpoints/best.pt', sizeMb: 9.8, checksum: 'sha256:a3', format: 'pytorch' },
      modelState: { optimizer: 'Adamax', scheduler: 'ReduceLROnPlateau', epoch: 15, step: 97_405_000_000 },
      validation: { nSamples: 25_931, inferenceTimeMs: 15_234.5, predictionsFile: 'p.csv' },
      timestamp: '2025-10-20T17:35:00.000Z',
    };
    expect((await save(15, input)).outcome).toBe('CREATED');
    const { experiment } = await server.data(`{ experiment(id: "${id}") { bestCheckpoint { id epoch isBest timestamp
      metrics { values } file { path sizeMb checksum format } modelState { optimizer scheduler epoch step }
      validation { nSamples inferenceTimeMs predictionsFile } experiment { id } epochRecord { id } } } }`);
    expect(experiment.bestCheckpoint).toEqual({
      ...input,
      epoch: 15,
      metrics: { values: input.metrics },
      experiment: { id },
      epochRecord: null,
    });
  });

  it('know a repeat and a replacement by epoch and path, and refuse an id that is taken', async () => {
    const clientId = newId();
    expect(await save(1, { id: clientId })).toMatchObject({ outcome: 'CREATED', checkpoint: { id: clientId } });
    expect(await save(1, { id: clientId })).toMatchObject({ outcome: 'UNCHANGED' });
    expect(await save(1)).toMatchObject({ outcome: 'UNCHANGED', checkpoint: { id: clientId } });
    expect(await save(1, { metrics: { a: 1 } })).toMatchObject({ outcome: 'REPLACED', checkpoint: { id: clientId } });
    expect(await save(2)).toMatchObject({ outcome: 'CREATED' });
    const taken = { experimentId: id, epoch: 3, file: { path: '3.pt' }, id: clientId };
    expect((await server.query(SAVE, { input: taken })).errors?.[0]?.extensions.code).toBe('CONFLICT');
    const missing = { experimentId: newId(), epoch: 3, file: { path: '3.pt' } };
    expect((await server.query(SAVE, { input: missing })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const { experiment } = await server.data(
      `{ experiment(id: "${id}") { checkpoints { totalCount nodes { epoch } } } }`,
    );
    expect(experiment.checkpoints).toEqual({ totalCount: 2, nodes: [{ epoch: 2 }, { epoch: 1 }] });
  });

  it('have one best at most, the last one said', async () => {
    await saveCheckpoint(server, id, 1, { isBest: true });
    const second = await saveCheckpoint(server, id, 2, { isBest: true });
    await saveCheckpoint(server, id, 3);
    expect((await bests()).map(({ _id }) => String(_id))).toEqual([second]);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => save(10 + index, { isBest: true })));
    const best = await bests();
    expect(best).toHaveLength(1);
    expect(answers.map(({ checkpoint }) => checkpoint.id)).toContain(String(best[0]!._id));
  });
});
