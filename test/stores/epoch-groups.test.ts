import { ObjectId } from 'mongodb';
import { faultsOf, readAll } from '../faults/stored';
import { commandsOf, uriOf } from '../kit/database';
import { createExperiment, LOG_EPOCH, logEpochs, newId } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

/* Epochs of several experiments at once: they go together where they can, and none is kept back by another. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const log = (experimentId: string, epoch: number, val_loss: number, more = {}) =>
  server.query(LOG_EPOCH, { input: { experimentId, epoch, metrics: { val_loss }, ...more } });
const outcomeOf = ({ data, errors }: { data: any; errors?: { extensions: { code: string } }[] }): string =>
  errors?.[0]?.extensions.code ?? data.logEpoch.outcome;
const db = () => server.stores.database.db;
const faults = async () => faultsOf(await readAll(db()));

it('cost hardly more commands than one', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, () => createExperiment(server)));
  const count = async (some: string[], epoch: number): Promise<number> => {
    const commands = await commandsOf(server.stores.database.client, async () => {
      const answers = await Promise.all(some.map((id) => log(id, epoch, 1)));
      expect(answers.map(outcomeOf)).toEqual(some.map(() => 'CREATED'));
    });
    return commands.length;
  };
  expect(await count(ids.slice(0, 1), 0)).toBe(4);
  // The first two begin at once, each by itself; the others wait for one of them, and go together.
  expect(await count(ids, 1)).toBeLessThanOrEqual(6 * 4);
  expect(await faults()).toEqual([]);
});

it('are stored although those beside them are not', async () => {
  const [fine, older, foreign, gone] = await Promise.all(Array.from({ length: 4 }, () => createExperiment(server)));
  await logEpochs(server, older!, 3);
  // By another program: the run's own document knows nothing of it.
  await db()
    .collection('epochs')
    .insertOne({ experiment_id: new ObjectId(foreign), epoch: 5, metrics: { val_loss: 9 }, timestamp: new Date() });
  await server.data('mutation ($id: ID!) { deleteExperiment(id: $id) { id } }', { id: gone });
  for (let round = 0; round < 5; round++) {
    const others = await Promise.all(Array.from({ length: 6 }, () => createExperiment(server)));
    const calls = [
      log(fine!, round, 0.5),
      log(older!, 1, 0.25 + round),
      log(foreign!, 5, 7, { onConflict: 'ERROR' }),
      log(gone!, round, 1),
      log(newId(), round, 1),
      ...others.map((id) => log(id, round, 1)),
    ];
    const outcomes = (await Promise.all(calls)).map(outcomeOf);
    expect(outcomes).toEqual([
      'CREATED',
      'REPLACED',
      'CONFLICT',
      'NOT_FOUND',
      'NOT_FOUND',
      ...others.map(() => 'CREATED'),
    ]);
  }
  const stored = await readAll(db());
  expect(stored.epochs.filter((epoch) => String(epoch.experiment_id) === gone)).toEqual([]);
  expect(stored.epochs.filter((epoch) => String(epoch.experiment_id) === foreign)).toHaveLength(1);
  const run = stored.experiments.find(({ _id }) => String(_id) === older)!;
  expect(run.metrics).toMatchObject({ total_epochs: 3, best_epoch: 2 });
});

it('of one experiment that are the same are stored once', async () => {
  const id = await createExperiment(server);
  const others = await Promise.all(Array.from({ length: 10 }, () => createExperiment(server)));
  const answers = await Promise.all([
    ...Array.from({ length: 10 }, () => log(id, 0, 0.5)),
    ...others.map((other) => log(other, 0, 0.5)),
  ]);
  const outcomes = answers.map(outcomeOf).slice(0, 10).sort();
  expect(outcomes).toEqual(['CREATED', ...Array.from({ length: 9 }, () => 'UNCHANGED')]);
  expect(answers.map(outcomeOf).slice(10)).toEqual(others.map(() => 'CREATED'));
});

it('of two servers on one database meet, and each is stored', async () => {
  const second = await startServer({ mongodbUri: uriOf(server.stores.database) });
  const ids = await Promise.all(Array.from({ length: 12 }, () => createExperiment(server)));
  const answers = await Promise.all(
    ids.flatMap((experimentId) =>
      [server, second].flatMap((one, parity) =>
        [0, 1, 2].map((step) =>
          one.query(LOG_EPOCH, {
            input: { experimentId, epoch: 2 * step + parity, metrics: { val_loss: 1 / (step + 1) } },
          }),
        ),
      ),
    ),
  );
  expect(new Set(answers.map(outcomeOf))).toEqual(new Set(['CREATED']));
  await second.stop();
  const { epochs } = await readAll(db());
  const ours = epochs.filter((epoch) => ids.includes(String(epoch.experiment_id)));
  expect(ours).toHaveLength(ids.length * 6);
  expect((await faults()).filter((fault) => ids.some((id) => fault.includes(id)))).toEqual([]);
}, 60_000);
