/**
 * What the embedded database does, at the driver, with its data on disk and every write synced: pages of 50 of one
 * experiment's epochs and a $group over all of 100,000, each beside the same with a fiftieth of the data in the same run;
 * upserts from 16 clients beside plain inserts from as many; and the memory of its process.
 *
 *     npm run bench -- embedded [epochs]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Double, MongoClient, ObjectId, type Collection, type Document } from 'mongodb';
import { start } from '../src/embedded/start';

const PAGE = 50;
const EPOCHS_OF_ONE = 200;
const CLIENTS = 16;
const SECONDS = 5;

function median(times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Experiments of 200 epochs with 12 metrics each. */
async function fill(collection: Collection<Document>, epochs: number): Promise<ObjectId[]> {
  await collection.createIndex({ experiment_id: 1, epoch: 1 }, { unique: true });
  const experiments = Array.from({ length: epochs / EPOCHS_OF_ONE }, () => new ObjectId());
  for (const experiment_id of experiments) {
    const rows = Array.from({ length: EPOCHS_OF_ONE }, (_, epoch) => ({
      experiment_id,
      epoch,
      metrics: Object.fromEntries(
        Array.from({ length: 12 }, (_unused, metric) => [`metric_${metric}`, new Double(Math.sin(epoch * metric))]),
      ),
      timestamp: new Date(),
    }));
    await collection.insertMany(rows);
  }
  return experiments;
}

/** How many times a second `CLIENTS` callers get `work` done, each waiting for its answer before the next. */
async function rate(work: (client: number, count: number) => Promise<unknown>): Promise<number> {
  const until = performance.now() + SECONDS * 1000;
  const counts = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      let count = 0;
      while (performance.now() < until) await work(client, count++);
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / SECONDS;
}

async function main(): Promise<void> {
  const epochs = Number(process.argv[2] ?? 100_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const embedded = await start({ dataDir: folder });
  const client = await MongoClient.connect(embedded.uri);
  const db = client.db('bench');
  const say = (text: string) => process.stdout.write(`${text}\n`);
  try {
    const sizes = [epochs / 50, epochs].map((size) => ({ size, collection: db.collection(`epochs_${size}`) }));
    const filled: {
      size: number;
      collection: Collection<Document>;
      ids: ObjectId[];
      page: number[];
      group: number[];
    }[] = [];
    for (const { size, collection } of sizes) {
      filled.push({ size, collection, ids: await fill(collection, size), page: [], group: [] });
    }
    for (let round = 0; round < 300; round++) {
      for (const { collection, ids, page } of filled) {
        const filter = { experiment_id: ids[round % ids.length], epoch: { $gte: 50 } } as Document;
        page.push(await timed(() => collection.find(filter).sort({ epoch: 1 }).limit(PAGE).toArray()));
      }
    }
    for (let round = 0; round < 5; round++) {
      for (const { collection, group } of filled) {
        const stages = [{ $group: { _id: '$experiment_id', count: { $sum: 1 }, last: { $max: '$epoch' } } }];
        group.push(await timed(() => collection.aggregate(stages).toArray()));
      }
    }
    const [small, large] = filled as [(typeof filled)[0], (typeof filled)[0]];
    const compare = (name: string, a: number[], b: number[]) =>
      say(
        `${name}: median ${median(b).toFixed(2)} ms at ${large.size} epochs, ${median(a).toFixed(2)} ms at ${small.size}, ` +
          `ratio ${(median(b) / median(a)).toFixed(2)}`,
      );
    compare('page of 50 for one experiment', small.page, large.page);
    compare('$group over all', small.group, large.group);

    const upserts = db.collection('upserts');
    await upserts.createIndex({ experiment_id: 1, epoch: 1 }, { unique: true });
    const inserts = db.collection('inserts');
    const ids = Array.from({ length: CLIENTS }, () => new ObjectId());
    const upserted = await rate((caller, epoch) =>
      upserts.updateOne(
        { experiment_id: ids[caller]!, epoch },
        { $set: { 'metrics.val_loss': new Double(1 / (epoch + 1)) } },
        { upsert: true },
      ),
    );
    const inserted = await rate((caller, epoch) => inserts.insertOne({ caller, epoch }));
    say(
      `upserts from ${CLIENTS} clients: ${upserted.toFixed(0)} a second; inserts ${inserted.toFixed(0)}, ratio ${(upserted / inserted).toFixed(2)}`,
    );

    const { pid } = (await db.admin().command({ serverStatus: 1 })) as { pid?: number | bigint };
    const status = pid ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
    const [rss, anonymous] = ['VmRSS', 'RssAnon'].map((name) => new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    if (rss)
      say(
        `memory of its process: ${Math.round(Number(rss) / 1024)} MB, of which ${Math.round(Number(anonymous) / 1024)} MB its own`,
      );
  } finally {
    await client.close();
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
