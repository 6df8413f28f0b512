import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { REPOSITORY } from '../kit/embedded';
import { createExperiment, LOG_EPOCHS, saveCheckpoint } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const FOLDER = path.join(REPOSITORY, 'examples/operations');
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => file.slice(0, -'.graphql'.length));

function operation(name: string): string {
  return readFileSync(path.join(FOLDER, `${name}.graphql`), 'utf8');
}

function variables(name: string): Record<string, unknown> {
  const file = path.join(FOLDER, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
}

/** The ids that the saved variables name. */
const FIRST = '671234567890abcdef123456';
const SECOND = '671234567890abcdef654321';

interface Seed extends Record<string, unknown> {
  name: string;
  /** val_loss by epoch. */
  losses?: (number | string)[];
}

const RUNS: Seed[] = [
  {
    id: FIRST,
    name: 'first',
    challenge: 2,
    status: 'COMPLETED',
    startTime: '2025-10-15T08:00:00Z',
    model: { name: 'EEGNeX', parameters: 2457821 },
    config: { device: 'cpu', batch_size: 16, scheduler: { gamma: 0.5 } },
    metrics: { training_time_hours: 18.5 },
    tags: ['baseline', 'cpu'],
    losses: [0.5, 0.25, 0.375],
  },
  {
    id: SECOND,
    name: 'second',
    challenge: 2,
    status: 'COMPLETED',
    startTime: '2025-10-16T08:00:00Z',
    model: { name: 'EEGNeX' },
    config: { device: 'cuda:0', batch_size: 16, scheduler: { gamma: 0.9 } },
    metrics: { training_time_hours: 1.5 },
    tags: ['baseline'],
    parentExperimentId: FIRST,
    losses: [0.125],
  },
  ...[0.75, 0.875, 0.625, 0.9].map((loss, index) => ({
    name: `challenge 2, number ${index}`,
    challenge: 2,
    status: 'COMPLETED',
    startTime: `2025-10-14T0${index}:00:00Z`,
    model: { name: 'EEGNet' },
    config: { device: 'cpu', number: index },
    metrics: { training_time_hours: 2 },
    losses: [loss],
  })),
  {
    name: 'long ago',
    challenge: 1,
    status: 'COMPLETED',
    startTime: '2025-09-01T08:00:00Z',
    config: { device: 'cpu' },
    losses: [0.3],
  },
  { name: 'diverged', challenge: 1, status: 'COMPLETED', startTime: '2025-09-02T08:00:00Z', losses: ['NaN'] },
  { name: 'running earlier', challenge: 1, startTime: '2025-10-17T08:00:00Z', tags: ['cpu'] },
  { name: 'running later', challenge: 1, startTime: '2025-10-18T08:00:00Z', losses: [0.8, 0.7], hostname: 'gpu-1' },
  {
    name: 'failed',
    status: 'FAILED',
    startTime: '2025-10-19T08:00:00Z',
    endTime: '2025-10-19T09:00:00Z',
    createdBy: 'kevin',
    hostname: 'gpu-2',
    note: 'out of memory',
    config: { device: 'cuda:0', batch_size: 512, learning_rate: 0.01 },
    losses: [0.95],
  },
  { name: 'failed earlier', status: 'FAILED', startTime: '2025-10-18T08:00:00Z', endTime: '2025-10-18T08:00:01Z' },
];

const EPOCH_TIME = '2025-10-19T08:30:00.000Z';

describe('saved operations', () => {
  let server: TestServer;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    server = await startServer();
    for (const { losses = [], ...input } of RUNS) {
      const id = await createExperiment(server, input);
      ids[input.name] = id;
      const epochs = losses.map((loss, epoch) => ({
        epoch,
        metrics: { train_loss: 1, val_loss: loss },
        timestamp: EPOCH_TIME,
      }));
      if (epochs.length > 0) await server.data(LOG_EPOCHS, { input: { experimentId: id, epochs } });
    }
    await saveCheckpoint(server, FIRST, 1, { isBest: true, metrics: { val_loss: 0.25 } });
    await saveCheckpoint(server, FIRST, 2);
    await server.data('mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { id } } }', {
      id: ids['running later'],
    });
  });
  afterAll(() => server.close());

  const run = (name: string, changes: Record<string, unknown> = {}): Promise<any> =>
    server.data(operation(name), { ...variables(name), ...changes });
  const namesOf = (nodes: { name: string }[]): string[] => nodes.map(({ name }) => name);

  it.each(NAMES)('%s is valid, says what it is for, and is in the list of examples/README.md', (name) => {
    const schema = buildSchema(readFileSync(path.join(REPOSITORY, 'schema.graphql'), 'utf8'));
    const document = parse(operation(name));
    expect(validate(schema, document)).toEqual([]);
    expect(document.definitions).toHaveLength(1);
    expect(operation(name)).toMatch(/^# \w/);
    expect(readFileSync(path.join(REPOSITORY, 'examples/README.md'), 'utf8')).toContain(
      `[${name}](operations/${name}.graphql)`,
    );
  });

  it('has no variables without an operation', () => {
    const others = readdirSync(FOLDER).filter((file) => !/\.(graphql|json)$/.test(file));
    const jsons = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
    expect(others).toEqual([]);
    expect(jsons.filter((file) => !NAMES.includes(file.slice(0, -'.json'.length)))).toEqual([]);
  });

  it('latest-running', async () => {
    const { experiments } = await run('latest-running');
    expect(experiments.totalCount).toBe(2);
    expect(experiments.nodes).toEqual([
      expect.objectContaining({
        id: ids['running later'],
        name: 'running later',
        liveness: 'ALIVE',
        hostname: 'gpu-1',
        metrics: { bestValLoss: 0.7, bestEpoch: 1 },
        latestEpoch: { epoch: 1, metrics: { trainLoss: 1, valLoss: 0.7 } },
      }),
      expect.objectContaining({ name: 'running earlier', liveness: 'UNKNOWN', latestEpoch: null }),
    ]);
    expect(experiments.pageInfo.hasNextPage).toBe(false);
    const after = await run('latest-running', { after: experiments.pageInfo.endCursor });
    expect(after.experiments.nodes).toEqual([]);
  });

  it('best-per-challenge', async () => {
    const { bestPerChallenge } = await run('best-per-challenge');
    expect(bestPerChallenge).toEqual([
      {
        challenge: 1,
        experimentCount: 1,
        experiment: {
          id: ids['long ago'],
          name: 'long ago',
          model: null,
          metrics: { bestValLoss: 0.3, bestEpoch: 0 },
          bestCheckpoint: null,
        },
      },
      {
        challenge: 2,
        experimentCount: 6,
        experiment: {
          id: SECOND,
          name: 'second',
          model: { name: 'EEGNeX' },
          metrics: { bestValLoss: 0.125, bestEpoch: 0 },
          bestCheckpoint: null,
        },
      },
    ]);
  });

  it('experiments-by-tag', async () => {
    const { experiments } = await run('experiments-by-tag');
    expect(experiments.totalCount).toBe(2);
    expect(namesOf(experiments.nodes)).toEqual(['second', 'first']);
    expect(experiments.nodes[1].metrics.values).toEqual({
      best_val_loss: 0.25,
      best_epoch: 1,
      total_epochs: 3,
      final_train_loss: 1,
      final_val_loss: 0.375,
      training_time_hours: 18.5,
    });
    const other = await run('experiments-by-tag', { tag: 'cpu', first: 1 });
    expect(namesOf(other.experiments.nodes)).toEqual(['running earlier']);
    const rest = await run('experiments-by-tag', { tag: 'cpu', after: other.experiments.pageInfo.endCursor });
    expect(namesOf(rest.experiments.nodes)).toEqual(['first']);
  });

  it('failed-for-debugging', async () => {
    const { experiments } = await run('failed-for-debugging');
    expect(namesOf(experiments.nodes)).toEqual(['failed', 'failed earlier']);
    expect(experiments.nodes[0]).toEqual({
      id: ids.failed,
      name: 'failed',
      startTime: '2025-10-19T08:00:00.000Z',
      endTime: '2025-10-19T09:00:00.000Z',
      createdBy: 'kevin',
      hostname: 'gpu-2',
      note: 'out of memory',
      config: {
        device: 'cuda:0',
        batchSize: 512,
        learningRate: 0.01,
        all: { device: 'cuda:0', batch_size: 512, learning_rate: 0.01 },
      },
      latestEpoch: {
        epoch: 0,
        timestamp: EPOCH_TIME,
        metrics: { values: { train_loss: 1, val_loss: 0.95 } },
        memory: null,
      },
    });
  });

  it('training-time-by-model', async () => {
    const { trainingTimeByModel } = await run('training-time-by-model');
    expect(trainingTimeByModel).toEqual([
      { modelName: 'EEGNeX', averageHours: 10, totalHours: 20, experimentCount: 2 },
      { modelName: 'EEGNet', averageHours: 2, totalHours: 8, experimentCount: 4 },
    ]);
  });

  it('cpu-experiments-of-last-week', async () => {
    const { experiments } = await run('cpu-experiments-of-last-week');
    expect(experiments.totalCount).toBe(5);
    expect(experiments.nodes.map(({ metrics }: any) => metrics.bestValLoss)).toEqual([0.25, 0.625, 0.75, 0.875, 0.9]);
    expect(experiments.nodes[0]).toMatchObject({ id: FIRST, config: { device: 'cpu', batchSize: 16 } });
    const later = await run('cpu-experiments-of-last-week', { since: '2025-10-15T00:00:00Z' });
    expect(namesOf(later.experiments.nodes)).toEqual(['first']);
  });

  it('top-of-challenge', async () => {
    const { bestExperiments } = await run('top-of-challenge');
    expect(bestExperiments.map(({ metrics }: any) => metrics.bestValLoss)).toEqual([0.125, 0.25, 0.625, 0.75, 0.875]);
    expect(bestExperiments[0]).toMatchObject({
      id: SECOND,
      config: { all: { device: 'cuda:0', batch_size: 16, scheduler: { gamma: 0.9 } } },
    });
    const one = await run('top-of-challenge', { challenge: 1 });
    expect(namesOf(one.bestExperiments)).toEqual(['long ago']);
  });

  it('compare-two', async () => {
    const { compareExperiments } = await run('compare-two');
    expect(namesOf(compareExperiments.experiments)).toEqual(['first', 'second']);
    expect(compareExperiments.experiments[0].series).toEqual([
      { name: 'train_loss', epochs: [0, 1, 2], values: [1, 1, 1] },
      { name: 'val_loss', epochs: [0, 1, 2], values: [0.5, 0.25, 0.375] },
    ]);
    expect(compareExperiments.configDiff).toEqual([
      { path: 'device', values: ['cpu', 'cuda:0'] },
      { path: 'scheduler.gamma', values: [0.5, 0.9] },
    ]);
    expect(compareExperiments.metricDiff).toEqual([
      { path: 'best_epoch', values: [1, 0] },
      { path: 'best_val_loss', values: [0.25, 0.125] },
      { path: 'final_val_loss', values: [0.375, 0.125] },
      { path: 'total_epochs', values: [3, 1] },
      { path: 'training_time_hours', values: [18.5, 1.5] },
    ]);
  });

  it('complete-history', async () => {
    const { experiment } = await run('complete-history');
    expect(experiment).toMatchObject({
      id: FIRST,
      name: 'first',
      status: 'COMPLETED',
      model: { all: { name: 'EEGNeX', parameters: 2457821 } },
      parent: null,
      children: { nodes: [{ id: SECOND, name: 'second' }] },
      epochCount: 3,
    });
    expect(experiment.epochs.nodes.map(({ epoch, metrics }: any) => [epoch, metrics.values.val_loss])).toEqual([
      [0, 0.5],
      [1, 0.25],
      [2, 0.375],
    ]);
    expect(experiment.epochs.pageInfo.hasNextPage).toBe(false);
    expect(experiment.checkpoints.nodes.map(({ epoch, isBest }: any) => [epoch, isBest])).toEqual([
      [2, false],
      [1, true],
    ]);
    const after = await run('complete-history', { after: experiment.epochs.pageInfo.endCursor });
    expect(after.experiment.epochs.nodes).toEqual([]);
  });

  it('a training: start-run, log-epoch, save-checkpoint, complete-run, each safe to repeat', async () => {
    const id = '671234567890abcdef000001';
    const outcomes = [];
    for (let time = 0; time < 2; time++) {
      const { createExperiment: started } = await run('start-run');
      const { logEpoch } = await run('log-epoch');
      const { saveCheckpoint: saved } = await run('save-checkpoint');
      const { updateExperimentStatus } = await run('complete-run');
      outcomes.push([started.outcome, logEpoch.outcome, saved.outcome, updateExperimentStatus.experiment.status]);
      expect(started.experiment.id).toBe(id);
      expect(logEpoch.epoch.experiment.metrics).toEqual({ bestValLoss: 0.0452, bestEpoch: 0, totalEpochs: 1 });
      expect(saved.checkpoint).toMatchObject({ epoch: 0, isBest: true });
      expect(updateExperimentStatus.experiment.metrics).toEqual({
        bestValLoss: 0.0452,
        bestEpoch: 0,
        totalEpochs: 1,
        trainingTimeHours: 3240.5 / 3600,
      });
    }
    expect(outcomes).toEqual([
      ['CREATED', 'CREATED', 'CREATED', 'COMPLETED'],
      ['UNCHANGED', 'UNCHANGED', 'UNCHANGED', 'COMPLETED'],
    ]);
  });
});
