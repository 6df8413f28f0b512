import type { Client } from 'graphql-ws';
import { uriOf } from '../kit/database';
import { createExperiment, LOG_EPOCH, logEpochs, newId, saveCheckpoint, SAVE } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { newClient, subscribe } from '../kit/subscribe';

const EPOCHS = `subscription ($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    kind cursor experimentId epoch { id epoch metrics { valLoss values } experiment { name metrics { totalEpochs } } checkpoints { id } }
  }
}`;
const EXPERIMENTS = `subscription ($id: ID, $after: String) {
  experimentChanged(id: $id, after: $after) {
    kind cursor experimentId experiment { id name status metrics { bestValLoss totalEpochs } epochCount }
  }
}`;
const CHECKPOINTS = `subscription ($id: ID, $bestOnly: Boolean, $after: String) {
  checkpointSaved(experimentId: $id, bestOnly: $bestOnly, after: $after) {
    kind cursor experimentId checkpoint { epoch isBest experiment { name } }
  }
}`;

/** Counts the change streams that a server opens from now on, and those of them that are still open. */
function countStreams(server: TestServer): { opened: number; reading: number } {
  const streams = { opened: 0, reading: 0 };
  server.stores.database.client.on('commandStarted', ({ commandName, command }) => {
    if (commandName === 'killCursors') streams.reading--;
    if (commandName !== 'aggregate' || command.aggregate !== 1) return;
    streams.opened++;
    streams.reading++;
  });
  return streams;
}

describe('subscriptions', () => {
  let server: TestServer;
  let client: Client;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
    client = newClient(server.url);
  });
  beforeEach(async () => {
    id = await createExperiment(server, { name: 'watched' });
  });
  afterAll(async () => {
    await client.dispose();
    await server.close();
  });

  const log = (epoch: number, val_loss: number | string, experimentId = id) =>
    server.data(LOG_EPOCH, { input: { experimentId, epoch, metrics: { val_loss } } });

  it('bring an epoch when it is logged and when it is replaced, with its relations as they are then', async () => {
    const epochs = await subscribe(client, EPOCHS, { id });
    const other = await createExperiment(server);
    await log(0, 1, other);
    await log(0, 0.5);
    expect((await epochs.next()).epochLogged).toMatchObject({
      kind: 'CREATED',
      experimentId: id,
      epoch: {
        epoch: 0,
        metrics: { valLoss: 0.5 },
        experiment: { name: 'watched', metrics: { totalEpochs: 1 } },
        checkpoints: [],
      },
    });
    await log(0, 0.5);
    await saveCheckpoint(server, id, 0);
    await log(0, 'NaN');
    const replaced = (await epochs.next()).epochLogged;
    expect(replaced).toMatchObject({ kind: 'UPDATED', epoch: { epoch: 0, metrics: { values: { val_loss: 'NaN' } } } });
    expect(replaced.epoch.checkpoints).toHaveLength(1);
    await log(1, 0.25);
    expect((await epochs.next()).epochLogged).toMatchObject({
      epoch: { epoch: 1, experiment: { metrics: { totalEpochs: 2 } } },
    });
    expect(epochs.waiting()).toEqual([]);
    epochs.stop();
  });

  it('bring experiments created, changed by their epochs, and removed', async () => {
    const one = await subscribe(client, EXPERIMENTS, { id });
    const all = await subscribe(client, EXPERIMENTS);
    const other = await createExperiment(server, { name: 'other' });
    await log(0, 0.5);
    await server.data(`mutation { deleteExperiment(id: "${id}") { id } }`);
    const changed = { kind: 'UPDATED', experimentId: id, experiment: { id, name: 'watched' } };
    expect((await one.next()).experimentChanged).toMatchObject({
      ...changed,
      experiment: { metrics: { totalEpochs: 1 } },
    });
    expect((await one.next()).experimentChanged).toMatchObject({ kind: 'DELETED', experimentId: id, experiment: null });
    expect((await all.next()).experimentChanged).toMatchObject({ kind: 'CREATED', experimentId: other });
    expect((await all.next()).experimentChanged).toMatchObject(changed);
    expect((await all.next()).experimentChanged).toMatchObject({ kind: 'DELETED', experimentId: id });
    expect([...one.waiting(), ...all.waiting()]).toEqual([]);
    one.stop();
    all.stop();
  });

  it('bring checkpoints, and the best ones alone where that is asked', async () => {
    const all = await subscribe(client, CHECKPOINTS);
    const best = await subscribe(client, CHECKPOINTS, { id, bestOnly: true });
    await saveCheckpoint(server, id, 1);
    await saveCheckpoint(server, id, 2, { isBest: true });
    await saveCheckpoint(server, id, 3, { isBest: true });
    const kinds = [];
    for (let index = 0; index < 4; index++) {
      const { kind, checkpoint } = (await all.next()).checkpointSaved;
      kinds.push([kind, checkpoint.epoch, checkpoint.isBest]);
    }
    // The former best shows as changed; updateLookup may show it as it is already at its own event.
    expect(kinds).toEqual([
      ['CREATED', 1, false],
      ['CREATED', 2, expect.any(Boolean)],
      ['UPDATED', 2, false],
      ['CREATED', 3, true],
    ]);
    expect((await best.next()).checkpointSaved.checkpoint).toMatchObject({ epoch: 2, experiment: { name: 'watched' } });
    expect((await best.next()).checkpointSaved.checkpoint.epoch).toBe(3);
    all.stop();
    best.stop();
  });

  it('begin with the stored epochs above afterEpoch, and go on with the live ones, each once', async () => {
    await logEpochs(server, id, 5);
    const epochs = await subscribe(client, EPOCHS, { id, afterEpoch: 1 });
    await log(5, 0.1);
    await log(3, 9);
    const seen = [];
    for (let index = 0; index < 5; index++) {
      const { kind, epoch } = (await epochs.next()).epochLogged;
      seen.push([kind, epoch.epoch, epoch.metrics.valLoss]);
    }
    expect(seen).toEqual([
      ['CREATED', 2, 1 / 3],
      ['CREATED', 3, 1 / 4],
      ['CREATED', 4, 1 / 5],
      ['CREATED', 5, 0.1],
      ['UPDATED', 3, 9],
    ]);
    epochs.stop();
  });

  it('lose and repeat nothing when they begin while epochs are written', async () => {
    for (let round = 0; round < 10; round++) {
      const run = await createExperiment(server);
      await logEpochs(server, run, 3);
      const writing = (async () => {
        for (let epoch = 3; epoch < 23; epoch++) await log(epoch, 1, run);
        await log(0, 42, run);
      })();
      const epochs = await subscribe(client, EPOCHS, { id: run, afterEpoch: -1 });
      const seen: string[] = [];
      while (!seen.includes('0:42')) {
        const { epoch } = (await epochs.next()).epochLogged;
        seen.push(`${epoch.epoch}:${epoch.metrics.valLoss}`);
      }
      await writing;
      const numbers = seen.filter((entry) => entry !== '0:42').map((entry) => Number(entry.split(':')[0]));
      const first = numbers.includes(0) ? 0 : 1;
      expect(numbers).toEqual(Array.from({ length: 23 - first }, (_, index) => index + first));
      expect(new Set(seen).size).toBe(seen.length);
      epochs.stop();
    }
  });

  it('continue behind a cursor with the next event, whichever it was taken from', async () => {
    const first = await subscribe(client, EPOCHS, { id, afterEpoch: -1 });
    await log(0, 1);
    const { cursor } = (await first.next()).epochLogged;
    first.stop();
    await log(1, 1);
    await log(2, 1);
    const second = await subscribe(client, EPOCHS, { id, after: cursor });
    expect((await second.next()).epochLogged.epoch.epoch).toBe(1);
    expect((await second.next()).epochLogged.epoch.epoch).toBe(2);
    await log(3, 1);
    expect((await second.next()).epochLogged.epoch.epoch).toBe(3);
    second.stop();

    const fromStored = await subscribe(client, EPOCHS, { id, afterEpoch: 0 });
    const stored = (await fromStored.next()).epochLogged;
    expect(stored.epoch.epoch).toBe(1);
    fromStored.stop();
    await log(4, 1);
    const rest = await subscribe(client, EPOCHS, { id, after: stored.cursor });
    const numbers = [];
    for (let index = 0; index < 3; index++) numbers.push((await rest.next()).epochLogged.epoch.epoch);
    expect(numbers).toEqual([2, 3, 4]);
    rest.stop();
  });

  it('continue behind a cursor on another server, from the database’s own history', async () => {
    const experiments = await subscribe(client, EXPERIMENTS);
    await log(0, 0.5);
    const { cursor } = (await experiments.next()).experimentChanged;
    await log(1, 0.25);
    await experiments.next();
    experiments.stop();
    const other = await startServer({ mongodbUri: uriOf(server.stores.database) });
    const otherClient = newClient(other.url);
    try {
      const resumed = await subscribe(otherClient, EXPERIMENTS, { after: cursor });
      // Past the end of the history the subscription hands over from the second stream to the server's own.
      expect((await resumed.next()).experimentChanged.experiment).toMatchObject({ id });
      for (let epoch = 2; epoch < 8; epoch++) {
        await log(epoch, 1 / epoch);
        expect((await resumed.next()).experimentChanged.experiment.metrics.totalEpochs).toBe(epoch + 1);
      }
      expect(resumed.waiting()).toEqual([]);
      resumed.stop();
    } finally {
      await otherClient.dispose();
      await other.stop();
    }
  });

  it('behind a cursor on another server, leave the database’s history when they have read it, though nothing happens', async () => {
    const experiments = await subscribe(client, EXPERIMENTS);
    await log(0, 0.5);
    const { cursor } = (await experiments.next()).experimentChanged;
    experiments.stop();
    const other = await startServer({ mongodbUri: uriOf(server.stores.database) });
    const otherClient = newClient(other.url);
    try {
      const streams = countStreams(other);
      const resumed = await Promise.all(
        Array.from({ length: 20 }, () => subscribe(otherClient, EXPERIMENTS, { after: cursor })),
      );
      for (let tries = 0; (streams.opened < 20 || streams.reading > 0) && tries < 400; tries++) {
        // Eight at a time: a stream for each would starve the connections.
        expect(streams.reading).toBeLessThanOrEqual(8);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(streams).toEqual({ opened: 20, reading: 0 });
      await log(1, 0.25);
      for (const events of resumed) expect((await events.next()).experimentChanged.experimentId).toBe(id);
    } finally {
      await otherClient.dispose();
      await other.stop();
    }
  });

  it.each([
    ['epochLogged of no experiment', EPOCHS, () => ({ id: newId() }), 'NOT_FOUND'],
    ['epochLogged of what is no id', EPOCHS, () => ({ id: 'x' }), 'BAD_USER_INPUT'],
    ['checkpointSaved of no experiment', CHECKPOINTS, () => ({ id: newId() }), 'NOT_FOUND'],
    ['a cursor that is none', EXPERIMENTS, () => ({ after: 'x' }), 'BAD_USER_INPUT'],
    [
      'a cursor of a page',
      EXPERIMENTS,
      () => ({ after: 'WzEsInN1YmplY3RfaWQiLFsidiIsInMiXSxbInYiLDFdXQ' }),
      'BAD_USER_INPUT',
    ],
    [
      'a token that the database refuses',
      EXPERIMENTS,
      () => ({ after: Buffer.from('{"_data":"zz"}').toString('base64url') }),
      /BAD_USER_INPUT|RESYNC_REQUIRED/,
    ],
    ['both ways to begin', EPOCHS, () => ({ id, afterEpoch: 1, after: 'x' }), 'BAD_USER_INPUT'],
    ['a wrong variable', EPOCHS, () => ({ id, afterEpoch: 'x' }), 'BAD_USER_INPUT'],
    ['a missing variable', EPOCHS, () => ({}), 'BAD_USER_INPUT'],
    ['a field that there is none of', 'subscription { nothing }', () => ({}), 'GRAPHQL_VALIDATION_FAILED'],
    ['text that is no document', 'subscription {', () => ({}), 'GRAPHQL_PARSE_FAILED'],
  ])('with %s end with an error and leave the others alone', async (_, document, variables, code) => {
    const sibling = await subscribe(client, EPOCHS, { id });
    const wrong = await subscribe(client, document, variables());
    const errors = await wrong.next().catch((error: unknown) => error);
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.not.stringMatching(/node_modules|Mongo\w*Error/),
        extensions: expect.objectContaining({ code: expect.stringMatching(code) }),
      }),
    ]);
    await log(0, 1);
    expect((await sibling.next()).epochLogged.epoch.epoch).toBe(0);
    sibling.stop();
  });

  it('leave no subscriber behind when they are stopped, or their socket is cut', async () => {
    const before = server.subscribers();
    const cut = newClient(server.url);
    const subscriptions = await Promise.all([
      subscribe(client, EPOCHS, { id }),
      subscribe(client, EPOCHS, { id, afterEpoch: -1 }),
      subscribe(cut, EXPERIMENTS),
      subscribe(cut, CHECKPOINTS, { id }),
    ]);
    expect(server.subscribers()).toBe(before + 4);
    subscriptions[0].stop();
    subscriptions[1].stop();
    cut.terminate();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.subscribers()).toBe(before);
    await cut.dispose();
  });

  it('also answer queries and mutations over the socket', async () => {
    const answer = await new Promise((resolve, reject) => {
      client.subscribe(
        { query: SAVE, variables: { input: { experimentId: id, epoch: 1, file: { path: 'x' } } } },
        { next: resolve, error: reject, complete: () => undefined },
      );
    });
    expect(answer).toMatchObject({ data: { saveCheckpoint: { outcome: 'CREATED' } } });
  });
});
