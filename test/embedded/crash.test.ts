import { setTimeout as sleep } from 'node:timers/promises';
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  MongoClient,
  MongoServerError,
  type Collection,
  type Document,
  type FindOptions,
  type ResumeToken,
} from 'mongodb';
import { start, type EmbeddedDatabase } from '../../src/embedded/start';
import { BUILT_START, dataDirectory, until } from './served';

/** 3 rounds in the short form, which `npm test` runs; 20 in the long one. */
const ROUNDS = Number(process.env.EPOCHGRAPH_CRASH_ROUNDS ?? 3);
const WRITERS = 8;

/** The database's own process: the child of this one that runs process.js on the directory. */
function databaseProcess(dataDir: string): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const found = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir));
  if (found === undefined) throw new Error(`no database process serves ${dataDir}`);
  return Number(found);
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

describe('killed with -9 under concurrent writes', () => {
  let database: EmbeddedDatabase;
  let client: MongoClient;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = dataDirectory();
    // With fsync, as it is meant to run.
    database = await start({ dataDir });
    client = await new MongoClient(database.uri, { serverSelectionTimeoutMS: 20_000 }).connect();
  });
  afterAll(async () => {
    await client.close();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it(`keeps every acknowledged write, its index entries and its event, over ${ROUNDS} rounds`, async () => {
    const epochs = client
      .db('crash')
      .collection<{ run: number; epoch: number; loss: number; tags: string[] }>('epochs');
    await epochs.createIndex({ run: 1, epoch: 1 }, { unique: true });
    await epochs.createIndex({ loss: -1 });
    await epochs.createIndex({ tags: 1 });
    const startToken = await tokenNow(client);
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      let stop = false;
      let answered = 0;
      const writers = Array.from({ length: WRITERS }, async (_, run) => {
        for (let i = 0; !stop; i++) {
          const epoch = round * 100_000 + i;
          const loss = Math.random();
          const fields = { loss, tags: [`r${run}`, `e${epoch % 7}`] };
          await surely(() => epochs.updateOne({ run, epoch }, { $set: fields }, { upsert: true }));
          acknowledged.set(`${run}/${epoch}`, loss);
          answered++;
          if (i % 5 === 4) {
            await surely(() => epochs.deleteOne({ run, epoch: epoch - 3 }));
            acknowledged.delete(`${run}/${epoch - 3}`);
          }
        }
      });
      await until(() => answered > 150, 20_000);
      process.kill(databaseProcess(dataDir), 'SIGKILL');
      // The writers go on: what was cut off is repeated.
      const after = answered;
      await until(() => answered > after + 50, 20_000);
      stop = true;
      await Promise.all(writers);
    }
    const stored = await epochs.find({}, { hint: { $natural: 1 } }).toArray();
    expect(new Map(stored.map((d) => [`${d.run}/${d.epoch}`, d.loss]))).toEqual(acknowledged);
    await indexesAgree(epochs as unknown as Collection<never>, stored);
    await streamAgrees(client, startToken, acknowledged);
  }, 300_000);
});

/**
 * Repeats an idempotent write until it is acknowledged. The driver repeats most by itself, with their numbers; but when
 * a connection ends while it is being written to, driver 7.9 throws the socket's bare error.
 */
async function surely(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (error instanceof MongoServerError) throw error;
    }
  }
}

async function tokenNow(client: MongoClient): Promise<ResumeToken> {
  const stream = client.db('crash').watch([], { maxAwaitTimeMS: 50 });
  await stream.tryNext();
  const token = stream.resumeToken;
  await stream.close();
  return token;
}

/** Every index gives each document as often as it should, and no more. */
async function indexesAgree(epochs: Collection<never>, stored: Document[]): Promise<void> {
  const find = async (filter: Document, options: FindOptions): Promise<string[]> =>
    ((await epochs.find(filter as never, options).toArray()) as Document[]).map((d) => String(d._id)).sort();
  const all = stored.map((d) => String(d._id)).sort();
  for (const hint of [{ _id: 1 }, { run: 1, epoch: 1 }, { loss: -1 }, { tags: 1 }])
    expect(await find({}, { hint })).toEqual(all);
  for (const d of stored.slice(0, 50)) {
    expect(await find({ run: d.run as number, epoch: d.epoch as number }, {})).toEqual([String(d._id)]);
  }
}

/** The stream from before the first write tells of each change once, so that what it tells adds up to what is stored. */
async function streamAgrees(client: MongoClient, token: ResumeToken, acknowledged: Map<string, number>): Promise<void> {
  const stream = client.db('crash').watch([], { resumeAfter: token, maxAwaitTimeMS: 100 });
  const told = new Map<string, Document>();
  const tokens = new Set<string>();
  let last = '';
  for (let event = await stream.tryNext(); event !== null; event = await stream.tryNext()) {
    const { _data } = event._id as { _data: string };
    expect(tokens.has(_data)).toBe(false);
    expect(_data > last).toBe(true);
    tokens.add(_data);
    last = _data;
    if (event.operationType === 'insert') {
      const id = String(event.documentKey._id);
      expect(told.has(id)).toBe(false);
      told.set(id, event.fullDocument);
    } else if (event.operationType === 'delete') {
      expect(told.delete(String(event.documentKey._id))).toBe(true);
    } else throw new Error(`an event that nobody caused: ${event.operationType}`);
  }
  await stream.close();
  expect(new Map([...told.values()].map((d) => [`${d.run}/${d.epoch}`, d.loss as number]))).toEqual(acknowledged);
}

onLinux('when a process of it is killed with -9', () => {
  const script = join(__dirname, 'parent.cjs');

  const parentOf = (dataDir: string): Promise<{ parent: ChildProcess; uri: string }> =>
    new Promise((resolve, reject) => {
      const parent = fork(script, [BUILT_START, dataDir], { execArgv: [] });
      parent.once('message', (message: { uri?: string; error?: string }) => {
        if (message.uri === undefined) reject(new Error(message.error));
        else resolve({ parent, uri: message.uri });
      });
    });

  it('leaves by itself, and a start at once afterwards comes up with the data', async () => {
    const dataDir = dataDirectory();
    for (let round = 0; round < 3; round++) {
      const { parent, uri } = await parentOf(dataDir);
      const client = await new MongoClient(uri).connect();
      await client.db('t').collection('c').insertOne({ round });
      const ended = new Promise((resolve) => parent.once('exit', resolve));
      parent.kill('SIGKILL');
      await client.close();
      const { parent: next, uri: again } = await parentOf(dataDir);
      const second = await new MongoClient(again).connect();
      expect(await second.db('t').collection('c').countDocuments()).toBe(round + 1);
      await second.close();
      await ended;
      const gone = new Promise((resolve) => next.once('exit', resolve));
      next.send('close');
      await gone;
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('remembers a committed transaction for a client that asks again after the crash', async () => {
    const dataDir = dataDirectory();
    const database = await start({ dataDir });
    const client = await new MongoClient(database.uri).connect();
    const things = client.db('t').collection<{ _id: number; n: number }>('c');
    await things.insertOne({ _id: 1, n: 0 });
    const session = client.startSession();
    session.startTransaction();
    await things.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
    await session.commitTransaction();
    process.kill(databaseProcess(dataDir), 'SIGKILL');
    // The driver itself asks once more, but fails with a TypeError of its own on a bare socket error.
    for (let attempt = 1; ; attempt++) {
      try {
        await session.commitTransaction();
        break;
      } catch (error) {
        if (attempt === 20) throw error;
        await sleep(100);
      }
    }
    expect(await things.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
    await session.endSession();
    await client.close();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('ignores signals of the terminal until the parent closes it', async () => {
    const dataDir = dataDirectory();
    const database = await start({ dataDir, noSync: true });
    const client = await new MongoClient(database.uri).connect();
    const pid = databaseProcess(dataDir);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(pid, signal);
    await client.db('t').collection('c').insertOne({ still: 'here' });
    expect(databaseProcess(dataDir)).toBe(pid);
    await client.close();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
});
