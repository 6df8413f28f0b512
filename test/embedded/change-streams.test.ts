import { EJSON } from 'bson';
import {
  Timestamp,
  type ChangeStream,
  type ChangeStreamOptions,
  type Db,
  type Document,
  type ResumeToken,
} from 'mongodb';
import { command, InProcess, plain } from './in-process';
import { recording, serve, until, type Served } from './served';
import { readState } from '../../src/embedded/storage/store';
import type { Doc, Value } from '../../src/embedded/values/value';

describe('change streams', () => {
  let served: Served;
  let db: Db;
  let name = 0;
  const open: ChangeStream[] = [];
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());
  beforeEach(() => {
    db = served.client.db(`streams${++name}`);
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) await stream.close();
  });

  /** Watches and collects; resolves when the stream is open on the server. */
  async function watch(
    on: { watch(pipeline: Document[], options: ChangeStreamOptions): ChangeStream },
    options: ChangeStreamOptions = {},
    pipeline: Document[] = [],
  ): Promise<{ events: Document[]; errors: Error[]; stream: ChangeStream }> {
    const stream = on.watch(pipeline, { maxAwaitTimeMS: 200, ...options });
    open.push(stream);
    const [events, errors]: [Document[], Error[]] = [[], []];
    let opened = false;
    stream.once('resumeTokenChanged', () => (opened = true));
    stream.on('change', (event) => events.push(event));
    stream.on('error', (error) => errors.push(error));
    await until(() => opened || errors.length > 0);
    return { events, errors, stream };
  }

  const kinds = (events: Document[]): string[] => events.map((e) => String(e.operationType));

  it('give the recorded events of the recorded operations', async () => {
    const text = recording('changeStream.json');
    if (text === undefined) {
      console.log('The recorded change stream is not here (EPOCHGRAPH_BEHAVIOUR): not compared.');
      return;
    }
    const { operations, events: wanted } = (EJSON.parse(text, { relaxed: false }) as Document).changeStream as Document;
    const collection = served.client.db('behaviour').collection('cs');
    const { events } = await watch(collection, { fullDocument: 'updateLookup' });
    for (const [i, operation] of (operations as Document[]).entries()) {
      const [[method, given]] = Object.entries(operation) as [[string, unknown]];
      const parameters = Array.isArray(given) && method !== 'insertMany' ? given : [given];
      const call = (collection as unknown as Record<string, (...p: unknown[]) => Promise<unknown>>)[method];
      await call?.apply(collection, method === 'drop' ? [] : parameters);
      // Each event looks its document up before the next operation changes it.
      if (i < operations.length - 1) await new Promise((wake) => setTimeout(wake, 30));
    }
    await until(() => events.length >= wanted.length);
    const told = events.map((event) => {
      const rest = { ...event };
      for (const field of ['_id', 'clusterTime', 'wallTime']) delete rest[field];
      // 6.0 added truncatedArrays.
      if (rest.updateDescription) delete (rest.updateDescription as Document).truncatedArrays;
      return EJSON.stringify(rest, { relaxed: true });
    });
    expect(told).toEqual((wanted as Document[]).map((event) => EJSON.stringify(event, { relaxed: true })));
  });

  it('watch a collection, a database and everything', async () => {
    const [one, all, every] = [await watch(db.collection('a')), await watch(db), await watch(served.client)];
    await db.collection('a').insertOne({ _id: 1 as never });
    await db.collection('b').insertOne({ _id: 2 as never });
    await served.client
      .db(`${db.databaseName}x`)
      .collection('c')
      .insertOne({ _id: 3 as never });
    await until(() => every.events.length === 3);
    expect(one.events.map((e) => (e.documentKey as Document)._id as number)).toEqual([1]);
    expect(all.events.map((e) => (e.documentKey as Document)._id as number)).toEqual([1, 2]);
    expect(every.events.map((e) => (e.ns as Document).coll as string)).toEqual(['a', 'b', 'c']);
  });

  it('resume after a token, start after one, and start at a time', async () => {
    const a = db.collection('a');
    const { events } = await watch(a);
    for (let i = 0; i < 5; i++) await a.insertOne({ _id: i as never });
    await until(() => events.length === 5);
    for (const options of [
      { resumeAfter: events[1]?._id as ResumeToken },
      { startAfter: events[1]?._id as ResumeToken },
    ]) {
      const again = await watch(a, options);
      await until(() => again.events.length === 3);
      expect(again.events).toEqual(events.slice(2));
    }
    const timed = await watch(a, { startAtOperationTime: events[3]?.clusterTime as Timestamp });
    await until(() => timed.events.length === 2);
    expect(timed.events).toEqual(events.slice(3));
  });

  it('filter and shape events, and go on past what they filter out', async () => {
    const pipeline = [
      { $match: { 'ns.coll': { $in: ['a', 'b'] }, operationType: 'insert', 'fullDocument.n': { $gte: 2 } } },
      { $project: { operationType: 1, 'fullDocument.n': 1 } },
    ];
    const { events, stream } = await watch(db, {}, pipeline);
    for (const n of [1, 2, 3]) for (const c of ['a', 'b', 'c']) await db.collection(c).insertOne({ n, other: true });
    await until(() => events.length === 4);
    expect(events.map((e) => (e.fullDocument as Document).n as number)).toEqual([2, 2, 3, 3]);
    expect(Object.keys(events[0] as Document)).toEqual(['_id', 'operationType', 'fullDocument']);
    const before = stream.resumeToken as { _data: string };
    await db.collection('z').insertOne({ quiet: true });
    await until(() => (stream.resumeToken as { _data: string })._data > before._data);
  });

  it('end with invalidate when what they watch is dropped, and can be started after it', async () => {
    const a = db.collection('a');
    await a.insertOne({ n: 1 });
    const [one, all] = [await watch(a), await watch(db)];
    await a.drop();
    await until(() => one.stream.closed);
    expect(kinds(one.events)).toEqual(['drop', 'invalidate']);
    const token = one.events[1]?._id as ResumeToken;
    const refused = await watch(a, { resumeAfter: token });
    await until(() => refused.errors.length > 0);
    expect((refused.errors[0] as unknown as { code: number }).code).toBe(260);
    const after = await watch(a, { startAfter: token });
    await a.insertOne({ n: 2 });
    await until(() => after.events.length === 1);
    await db.dropDatabase();
    await until(() => all.stream.closed);
    expect(kinds(all.events)).toEqual(['drop', 'insert', 'drop', 'dropDatabase', 'invalidate']);
  });

  it('look documents up as they are now, and give null for those that are gone', async () => {
    const a = db.collection('a');
    await a.insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    const { events } = await watch(a);
    await a.updateOne({ _id: 1 as never }, { $set: { x: 1 } });
    await a.updateOne({ _id: 2 as never }, { $set: { x: 1 } });
    await a.updateOne({ _id: 1 as never }, { $set: { x: 2 } });
    await a.deleteOne({ _id: 2 as never });
    await until(() => events.length === 4);
    const late = await watch(a, {
      startAtOperationTime: events[0]?.clusterTime as Timestamp,
      fullDocument: 'updateLookup',
    });
    await until(() => late.events.length === 4);
    expect(late.events.map((e) => e.fullDocument as unknown)).toEqual([
      { _id: 1, x: 2 },
      null,
      { _id: 1, x: 2 },
      undefined,
    ]);
  });

  it('tell of a commit at once, not when the wait of a getMore ends', async () => {
    const a = db.collection<{ _id: number }>('a');
    const stream = db.watch([], { maxAwaitTimeMS: 60_000 });
    open.push(stream);
    const seen: unknown[] = [];
    stream.on('change', (e) => seen.push((e as unknown as { documentKey: { _id: number } }).documentKey._id));
    stream.on('error', () => undefined);
    await new Promise((wake) => setTimeout(wake, 100));
    // Each is told of before the next is made, long before the wait is over.
    for (let i = 0; i < 30; i++) {
      await a.insertOne({ _id: i });
      await until(() => seen.length === i + 1);
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('refuse options and stages that are not theirs', async () => {
    const attempt = async (options: Document, stages: Document[] = []): Promise<number> =>
      db.command({ aggregate: 'a', pipeline: [{ $changeStream: options }, ...stages], cursor: {} }).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
    expect(await attempt({ nonsense: 1 })).toBe(40415);
    expect(await attempt({ fullDocument: 'required' })).toBe(72);
    expect(await attempt({ fullDocument: 'x' })).toBe(2);
    expect(await attempt({ resumeAfter: {} })).toBe(40647);
    expect(await attempt({ resumeAfter: { _data: 'xyz' } })).toBe(9);
    expect(await attempt({ resumeAfter: { _data: '8200' } })).toBe(260);
    expect(await attempt({ startAtOperationTime: new Timestamp({ t: 1, i: 1 }), startAfter: {} })).toBe(50573);
    expect(await attempt({}, [{ $group: { _id: 1 } }])).toBe(20);
    expect(await attempt({}, [{ $changeStream: {} }])).toBe(40602);
  });
});

describe('the oplog', () => {
  it('is trimmed by size, whole commits at a time, and says so to streams that come too late', async () => {
    const db = new InProcess(100_000);
    try {
      const watch = (options: Doc): Promise<Doc> =>
        db.command(command('aggregate', 'c', { pipeline: [new Map([['$changeStream', options]])], cursor: new Map() }));
      const opened = await watch(new Map());
      const token = (opened.get('cursor') as Doc).get('postBatchResumeToken') as Value;
      const pad = 'x'.repeat(1000);
      for (let i = 0; i < 300; i++)
        await db.ok(command('insert', 'c', { documents: [plain({ _id: i, pad }), plain({ _id: -1 - i })] }));
      const late = await watch(new Map([['resumeAfter', token]]));
      expect(late.get('code')).toEqual(plain(286));
      expect(late.get('errorLabels')).toEqual(['NonResumableChangeStreamError']);
      const more = await db.command(
        new Map<string, Value>([
          ['getMore', (opened.get('cursor') as Doc).get('id') as bigint],
          ['collection', 'c'],
        ]),
      );
      expect(more.get('code')).toEqual(plain(286));
      // What is kept is within the limit and can be read from its beginning.
      const snapshot = db.engine.snapshot();
      const size = Number(readState(snapshot).oplogBytes);
      snapshot.release();
      expect(size).toBeLessThan(110_000);
      expect(size).toBeGreaterThan(50_000);
    } finally {
      await db.close();
    }
  });
});
