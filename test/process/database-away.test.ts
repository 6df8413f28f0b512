import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, ObjectId } from 'mongodb';
import { startCuttingProxy } from '../faults/cutting-proxy';
import { newDatabaseUri } from '../kit/database';
import { form } from '../kit/long-form';
import { until } from '../kit/process';
import { createExperiment, LOG_EPOCH } from '../kit/seed';
import { startServer } from '../kit/server';
import { newClient, subscribe } from '../kit/subscribe';
import { expectWhole, Trainer } from '../kit/trainer';

const AWAY_SECONDS = form(8, 300);
const TRAINERS = 4;
/** No answer takes so long: a client that hangs fails the test. */
const HANGS_MS = 30_000;
const LIST = '{ experiments(first: 1) { nodes { id } } }';

it(
  `the database away for ${AWAY_SECONDS} s: every call is answered with DATABASE_UNAVAILABLE, and all goes on by itself`,
  async () => {
    const proxy = await startCuttingProxy(newDatabaseUri());
    const server = await startServer({ mongodbUri: proxy.uri });
    const trainers = Array.from({ length: TRAINERS }, () => new Trainer(server.url));
    await Promise.all(trainers.map((trainer) => trainer.create()));
    const client = newClient(server.url);
    const query = `subscription ($id: ID!) { epochLogged(experimentId: $id, afterEpoch: -1) { epoch { epoch } } }`;
    const events = await Promise.all(trainers.map(({ id }) => subscribe(client, query, { id })));
    const ready = async (): Promise<number> => (await fetch(new URL('/health/ready', server.url))).status;

    for (const trainer of trainers) trainer.resume();
    await until(
      () => trainers.every(({ acknowledged }) => acknowledged.size >= 5),
      () => 'The trainers do not get on.',
    );
    await proxy.shut();
    const since = Date.now();
    const before = trainers.map(({ acknowledged }) => acknowledged.size);
    const codes = new Set<string>();
    const statuses = new Set<number>();
    while (Date.now() - since < AWAY_SECONDS * 1000) {
      const answer = await Promise.race([server.query(LIST), sleep(HANGS_MS, undefined, { ref: false })]);
      codes.add(answer?.errors?.[0]?.extensions.code ?? (answer ? 'answered' : 'hangs'));
      statuses.add(await ready());
      await sleep(100);
    }
    await until(
      () => trainers.every(({ outages }) => outages > 0),
      () => 'A trainer waits.',
      HANGS_MS,
    );
    if (codes.has('INTERNAL_SERVER_ERROR'))
      throw new Error(JSON.stringify(server.log.filter((line) => 'errorId' in line)));
    expect([...codes]).toEqual(['DATABASE_UNAVAILABLE']);
    expect([...statuses]).toEqual([503]);
    // The request that was under way may have been answered.
    for (const [index, { acknowledged }] of trainers.entries())
      expect(acknowledged.size).toBeLessThanOrEqual(before[index]! + 1);

    await proxy.open();
    const counts = trainers.map(({ acknowledged }) => acknowledged.size);
    await Promise.all(
      trainers.map(async (trainer, index) => {
        // A transaction that the outage cut off would keep its run from others for a minute, if the server did not end it.
        await until(
          () => trainer.acknowledged.size >= counts[index]! + 5,
          () => `A trainer did not get on: ${JSON.stringify(server.log.slice(-3))}`,
          30_000,
        );
        await trainer.pause();
      }),
    );
    await until(
      async () => (await ready()) === 200,
      () => 'The server did not become ready.',
    );
    expect(trainers.flatMap(({ refusals }) => refusals)).toEqual([]);
    // Each subscription has every epoch once, those before the outage and those after.
    for (const [index, trainer] of trainers.entries()) {
      const { epochCount } = await expectWhole(server, trainer);
      for (let epoch = 0; epoch < epochCount; epoch++) {
        expect(await events[index]!.next(20_000)).toEqual({ epochLogged: { epoch: { epoch } } });
      }
      events[index]!.stop();
    }
    await client.dispose();
    await server.close();
    await proxy.close();
  },
  AWAY_SECONDS * 1000 + 180_000,
);

/** Away for longer than the driver's own attempts to end a transaction take. */
const LONG_AWAY_MS = 20_000;

/** What becomes of a write to an epoch that a server was about to log when the database went away at this command. */
async function writtenAfterOutageAt(command: string): Promise<unknown> {
  const uri = newDatabaseUri();
  const proxy = await startCuttingProxy(uri);
  const server = await startServer({ mongodbUri: proxy.uri });
  const direct = await MongoClient.connect(uri);
  const experimentId = await createExperiment(server);
  const away = new Promise<void>((resolve) => {
    proxy.setCut((sent) => {
      if (sent !== command) return undefined;
      proxy.setCut(undefined);
      void proxy.shut().then(resolve);
      return 'before';
    });
  });
  const input = { experimentId, epoch: 0, metrics: { val_loss: 1 } };
  const [{ errors }] = await Promise.all([server.query(LOG_EPOCH, { input }), away, sleep(LONG_AWAY_MS)]);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['DATABASE_UNAVAILABLE']);
  await proxy.open();
  const epoch = { experiment_id: new ObjectId(experimentId), epoch: 0 };
  const written = direct
    .db()
    .collection('epochs')
    .insertOne(epoch)
    .then(
      () => 'stored',
      (error: { code?: unknown }) => error.code,
    );
  const outcome = await Promise.race([written, sleep(HANGS_MS, 'locked', { ref: false })]);
  await server.close();
  await direct.close();
  await proxy.close();
  return outcome;
}

it('a transaction that an outage cut off keeps its records from others no longer than the outage', async () => {
  // The epoch had been inserted, in a transaction of which the database heard no more: it is ended, or committed at last.
  const outcomes = await Promise.all(['update', 'commitTransaction'].map(writtenAfterOutageAt));
  expect(outcomes).toEqual(['stored', 11_000]);
}, 120_000);
