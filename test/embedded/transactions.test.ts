import { MongoServerError, type ClientSession, type Collection, type Document } from 'mongodb';
import { command, InProcess, lsid, plain } from './in-process';
import { serve, until, type Served } from './served';
import { int, type Doc, type Value } from '../../src/embedded/values/value';

describe('transactions through the driver', () => {
  let served: Served;
  let things: Collection<Document>;
  let session: ClientSession;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());
  beforeEach(async () => {
    things = served.client.db('t').collection(`things${Math.random()}`.replace('.', ''));
    await things.createIndex({ name: 1 }, { unique: true });
    await things.insertMany([
      { _id: 1 as never, name: 'one', n: 1 },
      { _id: 2 as never, name: 'two', n: 2 },
    ]);
    session = served.client.startSession();
  });
  afterEach(() => session.endSession());

  const code = async (work: Promise<unknown>): Promise<[number, boolean]> => {
    const error = await work.then(
      () => undefined,
      (e: unknown) => e,
    );
    if (!(error instanceof MongoServerError)) throw new Error(`no server error but ${String(error)}`);
    return [Number(error.code), error.hasErrorLabel('TransientTransactionError')];
  };

  it('reads its own writes, by index too, and others do not before the commit', async () => {
    session.startTransaction();
    await things.insertOne({ _id: 3 as never, name: 'three', n: 3 }, { session });
    await things.updateOne({ name: 'one' }, { $set: { name: 'uno' } }, { session });
    await things.deleteOne({ name: 'two' }, { session });
    const names = async (with_?: ClientSession) =>
      (await things.find({}, { sort: { name: 1 }, ...(with_ ? { session: with_ } : {}) }).toArray()).map(
        (d) => d.name as string,
      );
    expect(await names(session)).toEqual(['three', 'uno']);
    expect(await things.countDocuments({ name: 'uno' }, { session })).toBe(1);
    expect(await things.countDocuments({ name: 'one' }, { session })).toBe(0);
    expect(await names()).toEqual(['one', 'two']);
    await session.commitTransaction();
    expect(await names()).toEqual(['three', 'uno']);
  });

  it('reads one snapshot, whatever is committed meanwhile', async () => {
    session.startTransaction();
    expect((await things.findOne({ _id: 1 as never }, { session }))?.n).toBe(1);
    await things.updateOne({ _id: 1 as never }, { $set: { n: 100 } });
    await things.insertOne({ _id: 9 as never, name: 'nine' });
    expect((await things.findOne({ _id: 1 as never }, { session }))?.n).toBe(1);
    expect(await things.findOne({ name: 'nine' }, { session })).toBeNull();
    await session.commitTransaction();
    expect((await things.findOne({ _id: 1 as never }))?.n).toBe(100);
  });

  it('fails with a transient WriteConflict on a document changed since its snapshot', async () => {
    session.startTransaction();
    await things.findOne({ _id: 1 as never }, { session });
    await things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } });
    expect(await code(things.updateOne({ _id: 1 as never }, { $inc: { n: 10 } }, { session }))).toEqual([112, true]);
    await session.abortTransaction();
    expect((await things.findOne({ _id: 1 as never }))?.n).toBe(2);
  });

  it('lets the first of two open transactions win, for documents and for unique keys', async () => {
    const other = served.client.startSession();
    session.startTransaction();
    other.startTransaction();
    await things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session });
    expect(await code(things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session: other }))).toEqual([
      112,
      true,
    ]);
    await other.abortTransaction();
    other.startTransaction();
    await things.insertOne({ name: 'same' }, { session });
    expect(await code(things.insertOne({ name: 'same' }, { session: other }))).toEqual([112, true]);
    await other.abortTransaction();
    await session.commitTransaction();
    await other.endSession();
    expect((await things.findOne({ _id: 1 as never }))?.n).toBe(2);
    expect(await things.countDocuments({ name: 'same' })).toBe(1);
  });

  it('holds back a plain write to the same document until it ends', async () => {
    session.startTransaction();
    await things.updateOne({ _id: 1 as never }, { $set: { n: 50 } }, { session });
    let written = false;
    const write = things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }).then(() => (written = true));
    await new Promise((wake) => setTimeout(wake, 100));
    expect(written).toBe(false);
    await session.commitTransaction();
    await write;
    expect((await things.findOne({ _id: 1 as never }))?.n).toBe(51);
  });

  it('drops everything on abort, and after an error', async () => {
    session.startTransaction();
    await things.insertOne({ name: 'gone' }, { session });
    await session.abortTransaction();
    expect(await things.countDocuments({ name: 'gone' })).toBe(0);
    session.startTransaction();
    await things.insertOne({ name: 'gone too' }, { session });
    expect(await code(things.insertOne({ name: 'one' }, { session }))).toEqual([11000, false]);
    expect((await code(session.commitTransaction()))[0]).toBe(251);
    expect(await things.countDocuments({ name: 'gone too' })).toBe(0);
  });

  it('creates a collection in the transaction, and not when that is aborted', async () => {
    const db = served.client.db(`fresh${Date.now()}`);
    session.startTransaction();
    await db.collection('a').insertOne({ x: 1 }, { session });
    await session.abortTransaction();
    expect(await db.listCollections().toArray()).toEqual([]);
    await session.withTransaction(() => db.collection('a').insertOne({ x: 1 }, { session }));
    expect(await db.collection('a').countDocuments()).toBe(1);
    expect((await db.collection('a').indexes()).map((i) => i.name)).toEqual(['_id_']);
  });

  it('commits again when the commit is repeated', async () => {
    session.startTransaction();
    await things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session });
    await session.commitTransaction();
    await session.commitTransaction();
    expect((await things.findOne({ _id: 1 as never }))?.n).toBe(2);
  });

  it('keeps one best of 50 that are saved at once', async () => {
    const saved = served.client.db('t').collection(`best${Date.now()}`);
    await saved.createIndex({ run: 1 }, { unique: true, partialFilterExpression: { best: true } });
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await served.client.withSession((s) =>
          s.withTransaction(async () => {
            await saved.updateMany({ run: 1, best: true }, { $set: { best: false } }, { session: s });
            await saved.insertOne({ run: 1, epoch: i, best: true }, { session: s });
          }),
        );
      }),
    );
    expect(await saved.countDocuments({ run: 1 })).toBe(50);
    expect(await saved.countDocuments({ run: 1, best: true })).toBe(1);
  });

  it('gives the events of one transaction in order, with tokens of their own and one time', async () => {
    const stream = things.watch();
    const events: Document[] = [];
    stream.on('change', (event) => events.push(event));
    stream.on('error', () => undefined);
    await new Promise((wake) => setTimeout(wake, 100));
    await session.withTransaction(async () => {
      await things.insertOne({ name: 'x' }, { session });
      await things.updateOne({ name: 'x' }, { $set: { n: 1 } }, { session });
      await things.deleteOne({ name: 'one' }, { session });
    });
    await until(() => events.length === 3);
    await stream.close();
    expect(events.map((e) => e.operationType as string)).toEqual(['insert', 'update', 'delete']);
    expect(new Set(events.map((e) => String(e.clusterTime))).size).toBe(1);
    const tokens = events.map((e) => (e._id as { _data: string })._data);
    expect([...new Set(tokens)].sort()).toEqual(tokens);
    expect(new Set(events.map((e) => String(e.txnNumber))).size).toBe(1);
  });
});

describe('sessions by their commands', () => {
  let db: InProcess;
  beforeEach(() => {
    db = new InProcess();
  });
  afterEach(() => db.close());

  const first = { startTransaction: true, autocommit: false };
  const within = (n: number, session = 1): Record<string, Value> => ({ lsid: lsid(session), txnNumber: BigInt(n) });
  const insert = (id: number, extra: Record<string, Value>): Promise<Doc> =>
    db.command(command('insert', 'c', { documents: [plain({ _id: id })], ...extra }));
  const count = async (): Promise<Value | undefined> => (await db.ok(command('count', 'c'))).get('n');

  it('carries out a repeated retryable write once, and refuses an older number', async () => {
    const increment = command('update', 'c', {
      updates: [plain({ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true })],
      ...within(5),
    });
    const [one, two] = [await db.ok(increment), await db.ok(increment)];
    expect(two.get('n')).toEqual(one.get('n'));
    expect(two.get('upserted')).toEqual(one.get('upserted'));
    expect(await db.documents(command('find', 'c'))).toEqual([plain({ _id: 1, n: 1 })]);
    expect((await insert(2, within(4))).get('code')).toEqual(int(225));
    const fam = command('findAndModify', 'c', {
      query: plain({ _id: 1 }),
      update: plain({ $inc: { n: 1 } }),
      new: true,
      ...within(6),
    });
    expect((await db.ok(fam)).get('value')).toEqual((await db.ok(fam)).get('value'));
    expect(await db.documents(command('find', 'c'))).toEqual([plain({ _id: 1, n: 2 })]);
  });

  it('aborts a transaction that takes too long, and says so with a label', async () => {
    await insert(1, { ...within(1), ...first });
    db.engine.sessions.expire(-1);
    const late = await insert(2, { ...within(1), autocommit: false });
    expect(late.get('code')).toEqual(int(251));
    expect(late.get('errorLabels')).toEqual(['TransientTransactionError']);
    expect(await count()).toEqual(int(0));
  });

  it('refuses what a transaction may not do', async () => {
    await insert(1, { ...within(1), ...first });
    const refused = await db.command(
      command('createIndexes', 'c', {
        indexes: [plain({ key: { a: 1 }, name: 'a' })],
        ...within(1),
        autocommit: false,
      }),
    );
    expect(refused.get('code')).toEqual(int(263));
    const unknown = await insert(2, { ...within(7), autocommit: false });
    expect(unknown.get('code')).toEqual(int(251));
    const elsewhere = await db.command(command('commitTransaction', int(1), { ...within(1), autocommit: false }), 'c');
    expect(elsewhere.get('code')).toEqual(int(13));
  });

  it('finds a conflict with a write that was queued but not yet visible when the transaction began', async () => {
    await db.ok(command('insert', 'c', { documents: [plain({ _id: 1, n: 0 })] }));
    const bump = (extra: Record<string, Value>): Promise<Doc> =>
      db.command(command('update', 'c', { updates: [plain({ q: { _id: 1 }, u: { $inc: { n: 1 } } })], ...extra }));
    let conflicts = 0;
    let commits = 0;
    for (let i = 1; i <= 40; i++) {
      // Not awaited yet: it may have to wait for the transaction's end.
      const outside = bump({});
      if (i % 2 === 0) await new Promise((wake) => setImmediate(wake));
      const inside = await bump({ ...within(i), ...first });
      if (inside.get('ok') !== 1) {
        conflicts++;
        await outside;
        continue;
      }
      const end = await db.command(command('commitTransaction', int(1), { ...within(i), autocommit: false }), 'admin');
      if (end.get('ok') === 1) commits++;
      else conflicts++;
      await outside;
    }
    const [left] = await db.documents(command('find', 'c'));
    expect(left?.get('n')).toEqual(int(40 + commits));
    expect(conflicts + commits).toBe(40);
  });
});
