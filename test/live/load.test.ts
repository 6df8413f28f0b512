import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from 'graphql-ws';
import { ObjectId } from 'mongodb';
import { WebSocket } from 'ws';
import { EpochConflict } from '../../types/enums/EpochConflict';
import { commandsOf } from '../kit/database';
import { form, newRandom } from '../kit/long-form';
import { createExperiment, LOG_EPOCH } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { newClient, socketUrl, subscribe } from '../kit/subscribe';

const EPOCHS = `subscription ($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) { kind cursor epoch { epoch metrics { valLoss } } }
}`;

/** Bytes of objects that are still in use. */
function usedMemory(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('live under load', () => {
  let server: TestServer;
  let client: Client;
  beforeAll(async () => {
    server = await startServer();
    client = newClient(server.url);
  });
  afterAll(async () => {
    await client.dispose();
    await server.close();
  });

  /** Epochs as another program would insert them, many at once. */
  const insert = (experimentId: string, from: number, count: number, text = '') =>
    server.stores.database.collections.epochs.insertMany(
      Array.from({ length: count }, (_, i) => ({
        experiment_id: new ObjectId(experimentId),
        epoch: from + i,
        metrics: { val_loss: 1 / (from + i + 1) },
        timestamp: new Date(),
        ...(text ? { text } : {}),
      })),
    );

  const TRIALS = form(500, 10_000);
  it(
    `loses and repeats nothing in ${TRIALS} subscriptions that begin while epochs are written`,
    async () => {
      const random = newRandom('live/load');
      const id = await createExperiment(server);
      const experimentId = new ObjectId(id);
      let newest = -1;
      let isWriting = true;
      const writing = (async () => {
        while (isWriting) {
          const input = { epoch: newest + 1, metrics: new Map([['val_loss', newest + 1]]) };
          await server.stores.epochWriter.log(experimentId, input, EpochConflict.REPLACE);
          newest++;
        }
      })();
      const trial = async (): Promise<void> => {
        const afterEpoch = Math.max(-1, newest - random.below(40));
        const seen: number[] = [];
        const wanted = 5 + random.below(60);
        for await (const { data, errors } of client.iterate<any>({ query: EPOCHS, variables: { id, afterEpoch } })) {
          expect(errors).toBeUndefined();
          seen.push(data.epochLogged.epoch.epoch as number);
          if (seen.length === wanted) break;
        }
        expect(seen).toEqual(Array.from({ length: wanted }, (_, i) => afterEpoch + 1 + i));
      };
      let left = TRIALS;
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          while (left-- > 0) await trial();
        }),
      );
      isWriting = false;
      await writing;
    },
    60_000 + TRIALS * 100,
  );

  it('brings 1,500 events of one moment, in order', async () => {
    const id = await createExperiment(server);
    const events = await subscribe(client, EPOCHS, { id });
    await insert(id, 0, 1_500);
    for (let epoch = 0; epoch < 1_500; epoch++) expect((await events.next()).epochLogged.epoch.epoch).toBe(epoch);
    events.stop();
  });

  const EVENTS = form(12_000, 100_000);
  it(
    `stays small while ${EVENTS} events pass a subscriber that never reads, tells it so, and serves the others`,
    async () => {
      const id = await createExperiment(server, { note: 'x'.repeat(20_000) });
      const before = server.subscribers();
      const slow = new WebSocket(socketUrl(server.url), ['graphql-transport-ws']);
      await once(slow, 'open');
      slow.send('{"type":"connection_init"}');
      await once(slow, 'message');
      const query =
        'subscription ($id: ID!) { epochLogged(experimentId: $id) { epoch { epoch experiment { note } } } }';
      slow.send(JSON.stringify({ id: 'slow', type: 'subscribe', payload: { query, variables: { id } } }));
      const other = await subscribe(client, EPOCHS, { id });
      expect(server.subscribers()).toBe(before + 2);
      slow.pause();
      await insert(id, 0, 1_000, 'y'.repeat(1_000));
      const [usedBefore, peak] = [usedMemory(), { bytes: 0 }];
      let seen = 0;
      for (let from = 1_000; from < EVENTS; from += 1_000) {
        await insert(id, from, 1_000, 'y'.repeat(1_000));
        for (; seen < from; seen++) expect((await other.next(20_000)).epochLogged.epoch.epoch).toBe(seen);
        if (from % 10_000 === 0) peak.bytes = Math.max(peak.bytes, usedMemory());
      }
      // The slow one is gone; what waited for it was given up.
      expect(server.subscribers()).toBe(before + 1);
      expect(peak.bytes - usedBefore).toBeLessThan(48 * 1024 * 1024);
      const messages: { type: string; payload?: { extensions: { code: string } }[] }[] = [];
      slow.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
      slow.resume();
      // One that has answered no ping for so long, either, has been taken to be gone: it learns that by the close.
      const closed = once(slow, 'close').then(() => 'closed');
      while (messages.at(-1)?.type !== 'error') {
        if ((await Promise.race([closed, once(slow, 'message')])) === 'closed') break;
      }
      const last = messages.at(-1)!;
      const told = last.type === 'error' ? last.payload![0]!.extensions.code : 'closed';
      expect(form(['RESYNC_REQUIRED'], ['RESYNC_REQUIRED', 'closed'])).toContain(told);
      slow.close();
      other.stop();
    },
    60_000 + EVENTS * 5,
  );

  it('executes an event once for all identical subscriptions, wherever they began', async () => {
    const id = await createExperiment(server, { name: 'shared' });
    const query = `subscription ($id: ID!, $afterEpoch: Int) {
      epochLogged(experimentId: $id, afterEpoch: $afterEpoch) { epoch { epoch experiment { name } } }
    }`;
    const all = await Promise.all([
      ...Array.from({ length: 20 }, () => subscribe(client, query, { id })),
      ...Array.from({ length: 20 }, () => subscribe(client, query, { id, afterEpoch: 5 })),
    ]);
    const others = await Promise.all([
      subscribe(client, `${query} # another document`, { id }),
      subscribe(client, query.replaceAll('$afterEpoch', '$other'), { id, other: 5 }),
    ]);
    // Those that begin with stored epochs still read them.
    await sleep(500);
    const commands = await commandsOf(server.stores.database.client, async () => {
      await server.stores.database.collections.epochs.insertOne({
        experiment_id: new ObjectId(id),
        epoch: 9,
        metrics: {},
        timestamp: new Date(),
      });
      for (const events of [...all, ...others]) {
        expect((await events.next()).epochLogged.epoch).toEqual({ epoch: 9, experiment: { name: 'shared' } });
      }
    });
    // The insert, and the experiment's name once for each document.
    expect(commands.map(({ name }) => name)).toEqual(['insert', 'find', 'find', 'find']);
    for (const events of [...all, ...others]) events.stop();
  });

  it('keeps results apart that differ by a variable, also one that says where to begin and is used elsewhere, too', async () => {
    const id = await createExperiment(server);
    const query = `subscription ($id: ID!, $n: Int) {
      epochLogged(experimentId: $id, afterEpoch: $n) { epoch { epoch experiment { epochs(first: $n) { nodes { epoch } } } } }
    }`;
    const [low, high] = await Promise.all([1, 2].map((n) => subscribe(client, query, { id, n })));
    for (const epoch of [0, 1, 2, 3]) {
      await server.data(LOG_EPOCH, { input: { experimentId: id, epoch, metrics: {} } });
    }
    const numbers = async (events: typeof low) => {
      for (;;) {
        const { epoch } = (await events!.next()).epochLogged;
        if (epoch.epoch === 3) return epoch.experiment.epochs.nodes.map((node: { epoch: number }) => node.epoch);
      }
    };
    expect(await numbers(low)).toEqual([0]);
    expect(await numbers(high)).toEqual([0, 1]);
    low!.stop();
    high!.stop();
  });

  it('opens no stream of the database for its subscribers', async () => {
    const opened: unknown[] = [];
    const { client: driver } = server.stores.database;
    const listen = ({ command }: { command: { aggregate?: unknown } }) => {
      if (command.aggregate === 1) opened.push(command);
    };
    driver.on('commandStarted', listen);
    const id = await createExperiment(server);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => subscribe(client, EPOCHS, { id, ...(i % 2 ? { afterEpoch: -1 } : {}) })),
    );
    await server.data(LOG_EPOCH, { input: { experimentId: id, epoch: 0, metrics: {} } });
    for (const events of all) await events.next();
    driver.off('commandStarted', listen);
    expect(opened).toEqual([]);
    for (const events of all) events.stop();
  });
});
