import { ObjectId, type Document } from 'mongodb';
import type { Collections } from '../../src/stores/collections';
import type { Laboratory, Sizes } from './fill';
import { FLOOR } from './sides';

type Variables = Record<string, unknown>;

/** Where a running side takes a workload: the floor has a path for each. */
export function addressOf({ url, key }: { url: string; key: string }, workload: ReadWorkload): string {
  return key === FLOOR ? `${url}/${workload.key}` : url;
}

/** The bodies of a workload's requests, which take turns. */
export function bodiesOf({ document, variables }: ReadWorkload, laboratory: Laboratory): string[] {
  return variables(laboratory).map((values) => JSON.stringify({ query: document, variables: values }));
}

/** A read that a dashboard or a script does, for every side. */
export interface ReadWorkload {
  key: string;
  title: string;
  connections: number;
  document: string;
  /** Variables of the requests, which take turns. */
  variables: (laboratory: Laboratory) => Variables[];
  /** What the floor reads for these variables and sends as it is. */
  floor: (collections: Collections, variables: Variables) => Promise<Document>;
  /** The answer to the document, made of what the floor sent. */
  answer: (sent: any) => unknown;
}

/** What the reads are measured on: 50 epochs to a run, and 50 runs of 500. */
const SIZES: Sizes = { experiments: 500, epochs: 25_000, checkpoints: 1_000, subjects: 100, longRuns: 50 };
const QUICK_SIZES: Sizes = { experiments: 100, epochs: 5_000, checkpoints: 100, subjects: 10, longRuns: 2 };

export const readSizes = ({ quick }: { quick: boolean }): Sizes => (quick ? QUICK_SIZES : SIZES);

const EPOCHS = 50;
const SERIES = ['train_loss', 'val_loss'];

const fields = (...names: string[]): Document => Object.fromEntries(names.map((name) => [name, 1]));
const upper = (text: string): string => text.toUpperCase();
const idsOf = (variables: Variables): ObjectId[] => (variables.ids as string[]).map((id) => new ObjectId(id));

const byId: ReadWorkload = {
  key: 'a',
  title: 'One experiment by id, 6 fields',
  connections: 16,
  document: 'query ($id: ID!) { experiment(id: $id) { id name status challenge startTime createdBy } }',
  variables: ({ experimentIds }) => experimentIds.slice(-100).map((id) => ({ id: id.toHexString() })),
  floor: async ({ experiments }, { id }) => {
    const projection = fields('experiment_name', 'status', 'challenge', 'start_time', 'created_by');
    return (await experiments.findOne({ _id: new ObjectId(id as string) }, { projection }))!;
  },
  answer: ({ _id, experiment_name, status, challenge = null, start_time, created_by }) => ({
    experiment: {
      id: _id,
      name: experiment_name,
      status: upper(status),
      challenge,
      startTime: start_time,
      createdBy: created_by,
    },
  }),
};

const list: ReadWorkload = {
  key: 'b',
  title: 'List of 50 with best metrics and counts',
  connections: 16,
  document: `query ($first: Int!) { experiments(first: $first) { nodes {
    id name status challenge startTime tags model { name } metrics { bestValLoss bestEpoch totalEpochs } epochCount
  } } }`,
  variables: () => [{ first: 50 }],
  floor: async ({ experiments, epochs }, { first }) => {
    const best = ['best_val_loss', 'best_epoch', 'total_epochs'].map((name) => `metrics.${name}`);
    const projection = fields('experiment_name', 'status', 'challenge', 'start_time', 'tags', 'model.name', ...best);
    const found = await experiments
      .find({}, { projection })
      .sort({ start_time: -1, _id: -1 })
      .limit(first as number)
      .toArray();
    const counts = await epochs
      .aggregate([
        { $match: { experiment_id: { $in: found.map(({ _id }) => _id) } } },
        { $group: { _id: '$experiment_id', count: { $sum: 1 } } },
      ])
      .toArray();
    return { experiments: found, counts };
  },
  answer: ({ experiments, counts }) => {
    const countOf = new Map(counts.map(({ _id, count }: Document) => [_id, count]));
    return {
      experiments: {
        nodes: experiments.map((run: Document) => ({
          id: run._id,
          name: run.experiment_name,
          status: upper(run.status as string),
          challenge: run.challenge ?? null,
          startTime: run.start_time,
          tags: run.tags,
          model: { name: run.model.name },
          metrics: {
            bestValLoss: run.metrics.best_val_loss,
            bestEpoch: run.metrics.best_epoch,
            totalEpochs: run.metrics.total_epochs,
          },
          epochCount: countOf.get(run._id) ?? 0,
        })),
      },
    };
  },
};

const HISTORY_METRICS = {
  trainLoss: 'train_loss',
  valLoss: 'val_loss',
  learningRate: 'learning_rate',
  valMae: 'val_mae',
  valRmse: 'val_rmse',
  valR2: 'val_r2',
};

const history: ReadWorkload = {
  key: 'c',
  title: 'History: 100 experiments × 50 epochs of 12 fields, nested',
  connections: 4,
  document: `query ($first: Int!, $epochs: Int!) { experiments(first: $first) { nodes {
    id name status metrics { bestValLoss bestEpoch }
    epochs(first: $epochs) { nodes {
      id epoch timestamp metrics { ${Object.keys(HISTORY_METRICS).join(' ')} }
      timing { durationSeconds samplesPerSecond } memory { cpuRssMb }
    } }
  } } }`,
  variables: () => [{ first: 100, epochs: EPOCHS }],
  floor: async ({ experiments, epochs }, { first }) => {
    const found = await experiments
      .find({}, { projection: fields('experiment_name', 'status', 'metrics.best_val_loss', 'metrics.best_epoch') })
      .sort({ start_time: -1, _id: -1 })
      .limit(first as number)
      .toArray();
    const metrics = Object.values(HISTORY_METRICS).map((name) => `metrics.${name}`);
    const timing = ['timing.duration_seconds', 'timing.samples_per_second'];
    const rows = await epochs
      .find(
        { experiment_id: { $in: found.map(({ _id }) => _id) }, epoch: { $lt: EPOCHS } },
        {
          projection: fields('experiment_id', 'epoch', 'timestamp', ...metrics, ...timing, 'memory.cpu_rss_mb'),
          batchSize: 1_000_000,
        },
      )
      .toArray();
    return { experiments: found, epochs: rows };
  },
  answer: ({ experiments, epochs }) => {
    const ofRun = new Map<string, Document[]>(experiments.map(({ _id }: Document) => [_id as string, []]));
    for (const epoch of epochs as Document[]) ofRun.get(epoch.experiment_id as string)!.push(epoch);
    return {
      experiments: {
        nodes: experiments.map((run: Document) => ({
          id: run._id,
          name: run.experiment_name,
          status: upper(run.status as string),
          metrics: { bestValLoss: run.metrics.best_val_loss, bestEpoch: run.metrics.best_epoch },
          epochs: {
            nodes: ofRun
              .get(run._id as string)!
              .sort((one, other) => one.epoch - other.epoch)
              .map(({ _id, epoch, timestamp, metrics, timing, memory }) => ({
                id: _id,
                epoch,
                timestamp,
                metrics: Object.fromEntries(
                  Object.entries(HISTORY_METRICS).map(([name, stored]) => [name, metrics[stored]]),
                ),
                timing: { durationSeconds: timing.duration_seconds, samplesPerSecond: timing.samples_per_second },
                memory: { cpuRssMb: memory.cpu_rss_mb },
              })),
          },
        })),
      },
    };
  },
};

interface Column {
  name: string;
  epochs: number[];
  values: number[];
}

const series: ReadWorkload = {
  key: 'd',
  title: 'Series: 50 experiments × 2 metrics × 500 points',
  connections: 4,
  document: `query ($ids: [ID!]!, $metrics: [String!]!) { experiments(first: 100, filter: { ids: $ids }) { nodes {
    id series(metrics: $metrics, maxPoints: 500) { name epochs values }
  } } }`,
  variables: ({ longRunIds }) => [{ ids: longRunIds.map((id) => id.toHexString()), metrics: SERIES }],
  floor: async ({ epochs }, variables) => {
    const metrics = variables.metrics as string[];
    const rows = await epochs
      .find(
        { experiment_id: { $in: idsOf(variables) } },
        {
          projection: { _id: 0, ...fields('experiment_id', 'epoch', ...metrics.map((name) => `metrics.${name}`)) },
          batchSize: 1_000_000,
        },
      )
      .sort({ experiment_id: 1, epoch: 1 })
      .toArray();
    const runs = new Map<string, Column[]>();
    for (const { experiment_id, epoch, metrics: values } of rows) {
      const id = String(experiment_id);
      let columns = runs.get(id);
      if (!columns) runs.set(id, (columns = metrics.map((name) => ({ name, epochs: [], values: [] }))));
      for (const column of columns) {
        column.epochs.push(epoch as number);
        column.values.push(values[column.name] as number);
      }
    }
    return { experiments: [...runs].map(([id, columns]) => ({ id, series: columns })) };
  },
  // Runs of the list come newest first, and the ids of runs begin with their start.
  answer: ({ experiments }) => ({ experiments: { nodes: [...experiments].reverse() } }),
};

/** The workload of this key. */
export function readWorkload(key: string): ReadWorkload {
  return READ_WORKLOADS.find((workload) => workload.key === key)!;
}

export const READ_WORKLOADS: readonly ReadWorkload[] = [byId, list, history, series];
