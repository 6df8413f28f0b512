import { setTimeout as sleep } from 'node:timers/promises';
import { startCuttingProxy } from '../faults/cutting-proxy';
import { newDatabaseUri } from '../kit/database';
import { form } from '../kit/long-form';
import { until } from '../kit/process';
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
