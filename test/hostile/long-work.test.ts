import { ObjectId, type CommandSucceededEvent, type Document } from 'mongodb';
import { createExperiment, LOG_EPOCHS, newId, UPSERT } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

/** The most documents that one command may write: another request waits no longer than that takes. */
const MOST_TOGETHER = 100;
const EPOCHS = 3_000;

/** Writes that a command did, as its answer says. */
function writesOf({ commandName, reply }: CommandSucceededEvent): number | undefined {
  if (!['delete', 'update', 'insert'].includes(commandName)) return undefined;
  return (reply as { n?: number }).n ?? 0;
}

/**
 * By the order of events alone: which writes the database has done, and when small queries that are sent meanwhile, one
 * after another, are answered.
 */
describe('while long work runs', () => {
  let server: TestServer;
  let experiment: string;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    experiment = await createExperiment(server);
  });

  const storeEpochs = () =>
    server.stores.database.collections.epochs.insertMany(
      Array.from({ length: EPOCHS }, (_, epoch): Document => ({
        _id: new ObjectId(),
        experiment_id: new ObjectId(experiment),
        epoch,
        metrics: { val_loss: 1 / (epoch + 1) },
        timestamp: new Date(),
        version: 1,
      })),
    );

  /** Runs `work`, and other requests beside it from its first write on; what happened, in order. */
  async function beside(work: () => Promise<unknown>): Promise<{ events: string[]; writes: number[] }> {
    const { client } = server.stores.database;
    const events: string[] = [];
    const writes: number[] = [];
    let working = true;
    let others: Promise<void> | undefined;
    const ask = async (): Promise<void> => {
      while (working) {
        await server.data(`{ experiment(id: "${newId()}") { name } }`);
        events.push('answer');
      }
    };
    const listen = (event: CommandSucceededEvent): void => {
      const count = writesOf(event);
      if (count === undefined) return;
      writes.push(count);
      events.push('write');
      others ??= ask();
    };
    client.on('commandSucceeded', listen);
    try {
      await work();
    } finally {
      working = false;
      client.off('commandSucceeded', listen);
      await others;
    }
    return { events, writes };
  }

  /** Answers that came before the last write. */
  function answersDuring(events: readonly string[]): number {
    return events.slice(0, events.lastIndexOf('write')).filter((event) => event === 'answer').length;
  }

  it.each([
    ['deleteExperiment', 'mutation ($id: ID!) { deleteExperiment(id: $id) { deletedEpochs } }'],
    ['rewindExperiment', 'mutation ($id: ID!) { rewindExperiment(experimentId: $id, toEpoch: -1) { deletedEpochs } }'],
  ])('%s of many epochs: other requests are answered', async (name, document) => {
    await storeEpochs();
    const { events, writes } = await beside(async () => {
      expect((await server.data(document, { id: experiment }))[name]).toEqual({ deletedEpochs: EPOCHS });
    });
    expect(answersDuring(events)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...writes)).toBeLessThanOrEqual(MOST_TOGETHER);
    expect(writes.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(EPOCHS);
  });

  it('updateExperimentStatus that ends a long run: its epochs are read in parts', async () => {
    await storeEpochs();
    const { client } = server.stores.database;
    const parts: number[] = [];
    const listen = ({ commandName, reply }: CommandSucceededEvent): void => {
      const cursor = (reply as { cursor?: { ns: string; firstBatch: unknown[] } }).cursor;
      if (commandName !== 'getMore' && cursor?.ns.endsWith('.epochs')) parts.push(cursor.firstBatch.length);
    };
    client.on('commandSucceeded', listen);
    const { updateExperimentStatus: ended } = await server.data(
      `mutation ($id: ID!) { updateExperimentStatus(input: { experimentId: $id, status: COMPLETED }) {
        experiment { metrics { bestValLoss bestEpoch totalEpochs finalValLoss } } } }`,
      { id: experiment },
    );
    client.off('commandSucceeded', listen);
    expect(ended.experiment.metrics).toEqual({
      ...{ bestValLoss: 1 / EPOCHS, bestEpoch: EPOCHS - 1, totalEpochs: EPOCHS, finalValLoss: 1 / EPOCHS },
    });
    expect(parts.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...parts)).toBeLessThanOrEqual(1000);
  });

  it('logEpochs of a full batch: other requests are answered', async () => {
    const epochs = Array.from({ length: 1000 }, (_, epoch) => ({ epoch, metrics: { val_loss: 1 / (epoch + 1) } }));
    const { events, writes } = await beside(async () => {
      const { logEpochs } = await server.data(LOG_EPOCHS, { input: { experimentId: experiment, epochs } });
      expect(logEpochs).toEqual({ created: 1000, replaced: 0, unchanged: 0, errors: [] });
    });
    expect(answersDuring(events)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...writes)).toBeLessThanOrEqual(MOST_TOGETHER);
    const { experiment: found } = await server.data(
      `{ experiment(id: "${experiment}") { epochCount metrics { bestEpoch totalEpochs } } }`,
    );
    expect(found).toEqual({ epochCount: 1000, metrics: { bestEpoch: 999, totalEpochs: 1000 } });
  });

  it('upsertSubjects of a full batch: other requests are answered', async () => {
    const subjects = Array.from({ length: 1000 }, (_, index) => ({ subjectId: `sub-${index}`, age: 9 }));
    const { events, writes } = await beside(async () => {
      const { upsertSubjects } = await server.data(UPSERT, { subjects });
      expect(upsertSubjects).toEqual({ created: 1000, updated: 0, unchanged: 0, errors: [] });
    });
    expect(answersDuring(events)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...writes)).toBeLessThanOrEqual(MOST_TOGETHER);
  });
});
