import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Double, MongoClient, ObjectId, type Collection, type Document } from 'mongodb';
import { metricsOf, type LoadReport } from './load';
import { quantile } from './statistics';

/** Epochs that are upserted straight through the driver, by callers that each wait for an answer before their next. */
export interface DriverLoad {
  uri: string;
  /** One a caller. */
  experimentIds: readonly string[];
  /** Number of the first epoch. */
  first: number;
  /** Epochs of one bulkWrite; single upserts where undefined. */
  batch: number | undefined;
  /** How many calls in all; each caller makes the same number. */
  amount: number;
}

/** The process that does it. */
export interface DriverProcess {
  pid: number;
  run: (load: DriverLoad) => Promise<LoadReport>;
  stop: () => void;
}

export function startDriverProcess(): DriverProcess {
  const child = fork(__filename, ['--drive']);
  return {
    pid: child.pid!,
    run: async (load) => {
      const answered = once(child, 'message') as Promise<[LoadReport | { fault: string }]>;
      child.send(load);
      const [report] = await answered;
      if ('fault' in report) throw new Error(report.fault);
      return report;
    },
    stop: () => void child.kill(),
  };
}

/** The same upsert that the server writes for a new epoch: by the unique index, with the same fields. */
function upsertOf(experiment_id: ObjectId, epoch: number): { filter: Document; update: Document; upsert: true } {
  const metrics = Object.entries(metricsOf(epoch)).map(([name, value]) => [name, new Double(value)]);
  return {
    filter: { experiment_id, epoch },
    update: { $set: { metrics: Object.fromEntries(metrics) as Document, timestamp: new Date(), version: 1 } },
    upsert: true,
  };
}

async function write(epochs: Collection, experimentId: ObjectId, first: number, batch: number | undefined) {
  if (batch === undefined) {
    const { filter, update } = upsertOf(experimentId, first);
    await epochs.updateOne(filter, update, { upsert: true });
    return;
  }
  const operations = Array.from({ length: batch }, (_, index) => ({
    updateOne: upsertOf(experimentId, first + index),
  }));
  await epochs.bulkWrite(operations);
}

const clients = new Map<string, MongoClient>();

async function run({ uri, experimentIds, first, batch, amount }: DriverLoad): Promise<LoadReport> {
  let client = clients.get(uri);
  if (!client) {
    client = await new MongoClient(uri, { writeConcern: { w: 'majority', journal: true } }).connect();
    clients.set(uri, client);
  }
  const epochs = client.db().collection('epochs');
  const latencies: number[] = [];
  const each = Math.ceil(amount / experimentIds.length);
  const began = performance.now();
  await Promise.all(
    experimentIds.map(async (id) => {
      const experimentId = new ObjectId(id);
      for (let call = 0; call < each; call++) {
        const sent = performance.now();
        await write(epochs, experimentId, first + call * (batch ?? 1), batch);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share)) as [number, number, number];
  return { requests: latencies.length, seconds, latencyMs: { p50, p90, p99 }, answerBytes: 0 };
}

if (process.argv.includes('--drive')) {
  process.on('message', (load: DriverLoad) => {
    run(load).then(
      (report) => process.send!(report),
      (error: Error) => process.send!({ fault: error.message }),
    );
  });
}
