import { createClient, type Client } from 'graphql-ws';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { freePort, killProcesses, startProcess, until, type ServerProcess } from '../kit/process';
import { embeddedPid, isRunning, newEmbeddedStore, newStore, type ProcessStore } from '../kit/process-store';
import { expectWhole, Trainer } from '../kit/trainer';

let store: ProcessStore;
const clients: Client[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.dispose()));
  await killProcesses();
  await store.remove();
});

function newClient({ url }: ServerProcess): Client {
  const client = createClient({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  clients.push(client);
  return client;
}

describe.each(['SIGTERM', 'SIGINT'] as const)('a server that is told to end by %s', (signal) => {
  it('ends with 0 within 10 seconds, open sockets or not, and its data is there when it starts again', async () => {
    store = newStore();
    const server = await startProcess({ env: store.env, cwd: store.folder });
    const trainer = new Trainer(server.url);
    await trainer.create();
    const client = newClient(server);
    const seen: unknown[] = [];
    const ended = new Promise<string>((resolve) => {
      const query = `subscription { epochLogged(experimentId: "${trainer.id}", afterEpoch: -1) { epoch { epoch } } }`;
      client.subscribe(
        { query },
        { next: (event) => seen.push(event), error: () => resolve('error'), complete: () => resolve('complete') },
      );
    });
    trainer.resume();
    await until(
      () => seen.length >= 10,
      () => `Only ${seen.length} events of ${trainer.acknowledged.size} epochs came.`,
    );
    const pid = store.embedded ? await embeddedPid(store.dataDir) : undefined;

    // The trainer is still at work.
    const began = performance.now();
    const exit = await server.stop(signal);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(exit).toMatchObject({ code: 0, signal: null, stderr: '' });
    await ended;
    await trainer.pause();
    expect(trainer.refusals).toEqual([]);
    if (pid !== undefined) expect(isRunning(pid)).toBe(false);

    const again = await startProcess({ env: store.env, cwd: store.folder });
    const run = await expectWhole(again, trainer);
    expect(run.epochCount).toBeGreaterThanOrEqual(10);
  });
});

describe('a server that is killed while trainers log', () => {
  const ROUNDS = 4;
  const TRAINERS = 4;

  it('has every acknowledged epoch once when it starts again', async () => {
    store = newEmbeddedStore();
    const env = { ...store.env, PORT: await freePort() };
    const start = () => startProcess({ env, cwd: store.folder });
    let server = await start();
    const trainers = Array.from({ length: TRAINERS }, () => new Trainer(server.url));
    await Promise.all(trainers.map((trainer) => trainer.create()));

    for (let round = 0; round < ROUNDS; round++) {
      const before = trainers.map(({ acknowledged }) => acknowledged.size);
      for (const trainer of trainers) trainer.resume();
      await until(
        () => trainers.every(({ acknowledged }, index) => acknowledged.size >= before[index]! + 5),
        () => `The trainers did not get on in round ${round}.`,
      );
      await sleep(Math.random() * 100);
      const pid = (await embeddedPid(store.dataDir))!;
      expect(isRunning(pid)).toBe(true);
      const { signal } = await server.stop('SIGKILL');
      expect(signal).toBe('SIGKILL');
      // No waiting for the database's process, which is still on its way out.
      const restarting = start();
      await Promise.all(trainers.map((trainer) => trainer.pause()));
      server = await restarting;
      expect(isRunning(pid)).toBe(false);
      for (const trainer of trainers) await expectWhole(server, trainer);
    }
    for (const trainer of trainers) trainer.resume();
    const before = trainers.map(({ acknowledged }) => acknowledged.size);
    await until(
      () => trainers.every(({ acknowledged }, index) => acknowledged.size > before[index]!),
      () => 'The trainers did not get on after the last round.',
    );
    await Promise.all(trainers.map((trainer) => trainer.pause()));
    for (const trainer of trainers) {
      const run = await expectWhole(server, trainer);
      expect(run.epochCount).toBe(trainer.acknowledged.size);
      expect(trainer.refusals).toEqual([]);
    }
  });
});

describe('an embedded database whose process is killed while trainers log', () => {
  const ROUNDS = 3;

  it('is started again by its server; clients see success or DATABASE_UNAVAILABLE, and each epoch is there once', async () => {
    store = newEmbeddedStore();
    const server = await startProcess({ env: { ...store.env, LOG_LEVEL: 'info' }, cwd: store.folder });
    const trainers = Array.from({ length: 4 }, () => new Trainer(server.url));
    await Promise.all(trainers.map((trainer) => trainer.create()));
    const client = newClient(server);
    const seen: number[] = [];
    const ends: unknown[] = [];
    client.subscribe<{ epochLogged: { epoch: { epoch: number } } }>(
      {
        query: `subscription ($id: ID!) { epochLogged(experimentId: $id, afterEpoch: -1) { epoch { epoch } } }`,
        variables: { id: trainers[0]!.id },
      },
      {
        next: ({ data }) => seen.push(data!.epochLogged.epoch.epoch),
        error: (error) => ends.push(error),
        complete: () => ends.push('complete'),
      },
    );
    for (const trainer of trainers) trainer.resume();
    for (let round = 0; round < ROUNDS; round++) {
      const before = trainers.map(({ acknowledged }) => acknowledged.size);
      await until(
        () => trainers.every(({ acknowledged }, index) => acknowledged.size >= before[index]! + 5),
        () => `The trainers did not get on in round ${round}: ${JSON.stringify(trainers)}\n${server.stderr()}`,
        15_000,
      );
      const pid = (await embeddedPid(store.dataDir))!;
      process.kill(pid, 'SIGKILL');
      await until(
        async () => !isRunning(pid) && (await embeddedPid(store.dataDir)) !== undefined,
        () => `The database did not come back:\n${server.stderr()}`,
      );
    }
    const counts = trainers.map(({ acknowledged }) => acknowledged.size);
    await until(
      () => trainers.every(({ acknowledged }, index) => acknowledged.size >= counts[index]! + 5),
      () => `The trainers did not get on after the last round:\n${server.stderr()}`,
      15_000,
    );
    await Promise.all(trainers.map((trainer) => trainer.pause()));
    // With the log, which has the reason of a refusal that should not be.
    const refusals = trainers.flatMap((trainer) => trainer.refusals);
    expect({ refusals, log: refusals.length > 0 ? server.stderr() : '' }).toEqual({ refusals: [], log: '' });
    for (const trainer of trainers) await expectWhole(server, trainer);
    const all = (await expectWhole(server, trainers[0]!)).epochs.nodes.map(({ epoch }) => epoch);
    const ready = await fetch(new URL('/health/ready', server.url));
    const health = await ready.text();
    await until(
      () => seen.length >= all.length || ends.length > 0,
      () => `The subscription gave ${seen.join()} of ${all.length} epochs; ${health}\n${server.stderr()}`,
    );
    expect({ seen, ends }).toEqual({ seen: all, ends: [] });
    expect(ready.status).toBe(200);
    expect(server.child.exitCode).toBeNull();
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});
