import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { ObjectId } from 'mongodb';
import type { start as Start } from '../../src/embedded/start';
import { Broker } from '../../src/live/broker';
import { CatchUps } from '../../src/live/catch-up';
import { ChangeFeed } from '../../src/live/feed';
import { Heart } from '../../src/live/heart';
import type { EventQueue } from '../../src/live/queue';
import { openDatabase, type Database } from '../../src/stores/database';
import { HeartbeatStore } from '../../src/stores/heartbeats';
import { BUILT, temporaryFolder } from '../kit/embedded';

/** The feed alone, on a database of its own whose answers can be made to fail. */
describe('the change feed', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const begin = async (onWarning: (message: string) => void = () => undefined) => {
    const { start } = (await import(path.join(BUILT, 'embedded/start.js'))) as { start: typeof Start };
    const { folder, remove } = temporaryFolder();
    const embedded = await start({ dataDir: folder, noSync: true, failPoints: true });
    closers.push(async () => {
      await embedded.close();
      remove();
    });
    const database = await openDatabase(embedded.uri);
    closers.push(() => database.close());
    const log = pino(
      { level: 'warn' },
      { write: (line: string) => onWarning((JSON.parse(line) as { msg: string }).msg) },
    );
    const broker = new Broker();
    const store = new HeartbeatStore(database);
    const feed = new ChangeFeed(database, broker, log, store.server);
    await feed.start();
    closers.push(() => feed.close());
    return { database, broker, feed, store, log };
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let tries = 0; !isSo() && tries < 1_000; tries++) await sleep(10);
    expect(isSo()).toBe(true);
  };
  const loseItsPlace = (database: Database, times: number) =>
    database.db.admin().command({
      configureFailPoint: 'failCommand',
      mode: { times },
      data: { failCommands: ['getMore', 'aggregate'], errorCode: 286 },
    });

  it('tells also those of its lost place who came before the stream stood again: they may have missed something', async () => {
    let lost = 0;
    const { database, broker, feed } = await begin((message) => {
      if (message.startsWith('The change stream lost its place')) lost++;
    });
    await loseItsPlace(database, 4);
    const before = broker.open(() => true);
    await until(() => lost === 4);
    expect(feed.isOpen).toBe(false);
    const between = broker.open(() => true);
    await database.collections.experiments.insertOne({ experiment_name: 'between' });
    for (const queue of [before, between]) {
      await expect(queue.next()).rejects.toMatchObject({ extensions: { code: 'RESYNC_REQUIRED' } });
    }
    expect(feed.isOpen).toBe(true);
    const after = broker.open(() => true);
    await database.collections.experiments.insertOne({ experiment_name: 'after' });
    expect((await after.next())?.document).toMatchObject({ experiment_name: 'after' });
    after.end();
  });

  it('is met by a subscriber who reads the history from where nothing follows, by a heartbeat written for that', async () => {
    const { database, broker, feed, store, log } = await begin();
    const heart = new Heart(store, feed, log);
    closers.push(() => heart.close());
    await until(() => feed.cursor !== undefined);
    expect(broker.openAfter(feed.cursor!, () => true)).toBeUndefined();
    const { signal } = new AbortController();
    const history = new CatchUps(database, broker, heart).from(() => true, feed.cursor!, signal);
    const met = await history.next();
    expect(met.done).toBe(true);
    const queue = met.value as EventQueue;
    await database.collections.experiments.insertOne({ experiment_name: 'next' });
    expect((await queue.next())?.document).toMatchObject({ experiment_name: 'next' });
    queue.end();
  });

  it('gets its heartbeats back, measures by them how far it is behind, and marks the place', async () => {
    const { broker, feed, store, log, database } = await begin();
    const heart = new Heart(store, feed, log);
    closers.push(() => heart.close());
    expect(heart.lagMs).toBeUndefined();
    await heart.beat();
    await until(() => heart.lagMs !== undefined);
    expect(heart.lagMs).toBeGreaterThanOrEqual(0);
    // The place is one to continue from, though no record changed there.
    const queue = broker.openAfter(feed.cursor!, () => true);
    expect(queue).toBeDefined();
    await database.collections.experiments.insertOne({ experiment_name: 'next' });
    expect((await queue!.next())?.document).toMatchObject({ experiment_name: 'next' });
    queue!.end();
    await heart.close();
    expect(await database.db.collection('server_heartbeats').countDocuments()).toBe(0);
  });
});

describe('the heart', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('raises an alarm and has the stream opened again when heartbeats do not come back', async () => {
    const errors: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => errors.push(line) });
    const feed = { lastHeartbeat: undefined as { at: number; lagMs: number } | undefined, reopened: 0 };
    const heart = new Heart(
      { server: new ObjectId(), beat: async () => undefined, forget: async () => undefined } as never,
      Object.assign(feed, { reopen: () => feed.reopened++ }) as never,
      log,
    );
    heart.start();
    await jest.advanceTimersByTimeAsync(25_000);
    expect([heart.isSilent, feed.reopened, errors.length]).toEqual([false, 0, 0]);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(heart.isSilent).toBe(true);
    expect(feed.reopened).toBeGreaterThan(0);
    expect(errors[0]).toContain('brings nothing back');
    feed.lastHeartbeat = { at: Date.now(), lagMs: 3 };
    expect([heart.isSilent, heart.lagMs]).toEqual([false, 3]);
    await heart.close();
  });
});
