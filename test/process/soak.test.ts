import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { form, IS_LONG } from '../kit/long-form';
import { killProcesses, post, startProcess, until, type ServerProcess } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';
import { CREATE, LOG_EPOCH, newId, SAVE } from '../kit/seed';
import { newClient } from '../kit/subscribe';

const SECONDS = form(20, 600);
const TRAINERS = 30;
const SUBSCRIBERS = 50;
/** A run ends after so many epochs, and its trainer begins another one. */
const EPOCHS = form(5, 40);
const EPOCH_MS = 1_000;
const SAMPLE_MS = form(500, 2_000);
const POLL_MS = 2_000;
const MEGABYTE = 1024 * 1024;

const FINISH = `mutation ($input: UpdateExperimentStatusInput!) {
  updateExperimentStatus(input: $input) { experiment { id } }
}`;
const CHANGED = 'subscription { experimentChanged { kind experiment { id name status } } }';
const LOGGED = `subscription ($id: ID!, $afterEpoch: Int) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch) { epoch { epoch metrics { valLoss } } }
}`;
/** What a dashboard asks for while nobody touches it. */
const POLLS = [
  '{ experiments(first: 50) { totalCount nodes { id name status liveness metrics { bestValLoss totalEpochs } } } }',
  '{ experimentFacets { total byStatus { value count } } }',
  '{ serverInfo { version } viewer { name role } }',
];

interface Sample {
  rss: number;
  heap: number;
  handles: number;
  descriptors: number;
}

let store: ProcessStore;
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.dispose()));
  await killProcesses();
  await store.remove();
});

async function sampleOf(server: ServerProcess): Promise<Sample> {
  const text = await (await fetch(new URL('/metrics', server.url))).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)![1]);
  return {
    rss: value('process_resident_memory_bytes') / MEGABYTE,
    heap: value('nodejs_heap_size_used_bytes') / MEGABYTE,
    handles: value('nodejs_active_handles_total'),
    descriptors: value('process_open_fds'),
  };
}

const least = (samples: readonly Sample[], of: keyof Sample): number =>
  Math.min(...samples.map((sample) => sample[of]));
const most = (samples: readonly Sample[], of: keyof Sample): number => Math.max(...samples.map((sample) => sample[of]));

it(
  `${TRAINERS} trainers, ${SUBSCRIBERS} subscribers and a dashboard for ${SECONDS} s: memory and handles stay flat`,
  async () => {
    store = newStore();
    const server = await startProcess({ env: store.env, cwd: store.folder });
    const end = Date.now() + SECONDS * 1000;
    const isOver = (): boolean => Date.now() >= end;
    const failures: string[] = [];
    const counts = { epochs: 0, runs: 0, events: 0, polls: 0 };
    const ask = async (document: string, variables?: Record<string, unknown>): Promise<void> => {
      const { errors } = await post(server.url, document, variables);
      if (errors) failures.push(JSON.stringify(errors));
    };
    const current: string[] = [];

    const train = async (index: number): Promise<void> => {
      await sleep((EPOCH_MS * index) / TRAINERS);
      while (!isOver()) {
        const id = newId();
        await ask(CREATE, { input: { id, name: `soak ${index}` } });
        current[index] = id;
        for (let epoch = 0; epoch < EPOCHS && !isOver(); epoch++) {
          const metrics = { train_loss: 1 / (epoch + 1), val_loss: 1.1 / (epoch + 1) };
          await ask(LOG_EPOCH, { input: { experimentId: id, epoch, metrics } });
          if (epoch % 5 === 0)
            await ask(SAVE, {
              input: { experimentId: id, epoch, isBest: true, file: { path: `${epoch}.pt` } },
            });
          counts.epochs++;
          await sleep(EPOCH_MS);
        }
        await ask(FINISH, { input: { experimentId: id, status: 'COMPLETED' } });
        counts.runs++;
      }
    };
    /** Follows the list, or one run after the other as they begin; half of those by a socket of their own each time. */
    const subscribe = async (index: number): Promise<void> => {
      let client = newClient(server.url);
      clients.push(client);
      while (!isOver()) {
        const id = current[index % TRAINERS];
        if (id === undefined) {
          await sleep(50);
          continue;
        }
        const stop = client.subscribe(
          index % 2 ? { query: CHANGED } : { query: LOGGED, variables: { id, afterEpoch: -1 } },
          {
            next: ({ errors }) => (errors ? failures.push(JSON.stringify(errors)) : counts.events++),
            error: (error) => failures.push(JSON.stringify(error)),
            complete: () => undefined,
          },
        );
        while (!isOver() && current[index % TRAINERS] === id) await sleep(200);
        stop();
        if (index % 4 === 0 && !isOver()) {
          await client.dispose();
          client = newClient(server.url);
          clients.push(client);
        }
      }
    };
    const poll = async (): Promise<void> => {
      while (!isOver()) {
        for (const document of POLLS) await ask(document);
        counts.polls++;
        await sleep(POLL_MS);
      }
    };
    const samples: Sample[] = [];
    const watch = async (): Promise<void> => {
      while (!isOver()) {
        await sleep(SAMPLE_MS);
        samples.push(await sampleOf(server));
      }
    };
    await Promise.all([
      ...Array.from({ length: TRAINERS }, (_, index) => train(index)),
      ...Array.from({ length: SUBSCRIBERS }, (_, index) => subscribe(index)),
      poll(),
      watch(),
    ]);

    expect(failures.slice(0, 5)).toEqual([]);
    expect(counts.events).toBeGreaterThan(counts.epochs);
    const third = Math.floor(samples.length / 3);
    const [first, middle, last] = [samples.slice(0, third), samples.slice(third, -third), samples.slice(-third)];
    console.log(
      `soak, ${SECONDS} s: ${JSON.stringify(counts)}\n` +
        [first, middle, last]
          .map((part) =>
            (['rss', 'heap', 'handles', 'descriptors'] as const)
              .map((of) => `${of} ${least(part, of).toFixed(0)} to ${most(part, of).toFixed(0)}`)
              .join(', '),
          )
          .join('\n'),
    );
    // What is collected at its own time comes and goes; what leaks lifts the lowest point.
    expect(least(last, 'heap')).toBeLessThan(least(middle, 'heap') * 1.15 + (IS_LONG ? 4 : 16));
    expect(most(last, 'handles')).toBeLessThanOrEqual(most(middle, 'handles') + 10);
    expect(most(last, 'descriptors')).toBeLessThanOrEqual(most(middle, 'descriptors') + 10);

    // Nothing is left of clients who have gone.
    await Promise.all(clients.splice(0).map(async (client) => client.dispose()));
    const left = async (): Promise<string[]> => {
      const text = await (await fetch(new URL('/metrics', server.url))).text();
      return [...text.matchAll(/^epochgraph_(?:subscribers|websockets) (\d+)$/gm)].map(([, count]) => count!);
    };
    await until(
      async () => (await left()).every((count) => count === '0'),
      () => 'Subscribers or WebSockets are left.',
    );
    expect(await left()).toEqual(['0', '0']);
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
  },
  SECONDS * 1000 + 120_000,
);
