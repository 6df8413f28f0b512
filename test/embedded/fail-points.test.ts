import type { MongoServerError } from 'mongodb';
import { type Document } from 'mongodb';
import { serve, type Served } from './served';

describe('failCommand', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve({}, { retryReads: false });
  });
  afterAll(() => served.close());

  const fail = (mode: unknown, data: Document): Promise<Document> =>
    served.client.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
  const things = () => served.client.db('t').collection('fp');
  const thrown = (work: Promise<unknown>): Promise<{ code: number; hasErrorLabel(label: string): boolean }> =>
    work.then(
      () => {
        throw new Error('no error');
      },
      (error: { code: number; hasErrorLabel(label: string): boolean }) => error,
    );

  it('fails so many times with a code, and not other commands', async () => {
    await fail({ times: 2 }, { failCommands: ['find'], errorCode: 2 });
    await things().insertOne({ n: 1 });
    expect((await thrown(things().findOne())).code).toBe(2);
    expect((await thrown(things().findOne())).code).toBe(2);
    expect((await things().findOne())?.n).toBe(1);
  });

  it('makes the driver repeat a retryable write, which is carried out once', async () => {
    await fail({ times: 1 }, { failCommands: ['insert'], errorCode: 189 });
    await things().insertOne({ retried: true });
    await fail({ times: 1 }, { failCommands: ['insert'], closeConnection: true });
    await things().insertOne({ retried: true });
    expect(await things().countDocuments({ retried: true })).toBe(2);
  });

  it('gives labels, its own and those that follow from the code', async () => {
    await fail({ times: 1 }, { failCommands: ['insert'], errorCode: 112, errorLabels: ['TransientTransactionError'] });
    const session = served.client.startSession();
    let runs = 0;
    await session.withTransaction(async () => {
      runs++;
      await things().insertOne({ inTransaction: true }, { session });
    });
    expect(runs).toBe(2);
    await fail({ times: 1 }, { failCommands: ['find'], errorCode: 91 });
    session.startTransaction();
    expect((await thrown(things().findOne({}, { session }))).hasErrorLabel('TransientTransactionError')).toBe(true);
    await session.abortTransaction();
    await session.endSession();
  });

  it('blocks, reports a write concern error, and is switched off', async () => {
    await fail({ times: 1 }, { failCommands: ['ping'], blockConnection: true, blockTimeMS: 150 });
    const began = Date.now();
    await served.client.db('admin').command({ ping: 1 });
    expect(Date.now() - began).toBeGreaterThanOrEqual(145);
    await fail(
      { times: 1 },
      { failCommands: ['insert'], writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } },
    );
    expect((await thrown(things().insertOne({ written: 'anyway' }))).code).toBe(64);
    expect(await things().countDocuments({ written: 'anyway' })).toBe(1);
    await fail('alwaysOn', { failCommands: ['ping'], errorCode: 2 });
    expect((await thrown(served.client.db('admin').command({ ping: 1 }))).code).toBe(2);
    await served.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect((await served.client.db('admin').command({ ping: 1 })).ok).toBe(1);
  });

  it('refuses what it does not know, and is not there unless it was allowed', async () => {
    expect((await thrown(fail('alwaysOn', { failCommands: ['ping'], nonsense: 1 }))).code).toBe(2);
    expect((await thrown(fail('sometimes', { failCommands: ['ping'] }))).code).toBe(2);
    const plain = await serve({ failPoints: false });
    const error: unknown = await plain.client
      .db('admin')
      .command({ configureFailPoint: 'failCommand', mode: 'off' })
      .catch((e: unknown) => e);
    expect((error as MongoServerError).code).toBe(59);
    await plain.close();
  });
});
