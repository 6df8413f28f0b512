/**
 * Deliveries to many subscribers of one experiment over graphql-transport-ws, on the embedded database: how many a second
 * and after how long, with identical subscriptions (each event is executed once for all) and, interleaved in the same run,
 * with subscriptions whose documents differ in a comment (each event is executed for each). Server and clients are in
 * processes of their own. Single events are epochs logged one after another, bursts are batches of ten.
 *
 *     npm run bench -- fan-out [subscribers] [events a round] [rounds]
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { post, startBenchServer } from './laboratory/server-process';

interface Order {
  url: string;
  experimentId: string;
  count: number;
  shared: boolean;
}

interface Received {
  deliveries: number;
  first: number;
  last: number;
  latencies: number[];
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const now = (): number => performance.timeOrigin + performance.now();

/** The process of the clients: opens sockets as ordered, then counts `expected` deliveries a round and reports them. */
async function subscribers(): Promise<void> {
  let sockets: WebSocket[] = [];
  let round: { expected: number; received: Received } | undefined;
  process.on('message', (message: { open?: Order; expect?: number; close?: true }) => {
    void (async () => {
      if (message.open) {
        sockets = await Promise.all(Array.from({ length: message.open.count }, (_, i) => open(message.open!, i)));
        process.send!({ ready: true });
      }
      if (message.expect) {
        round = { expected: message.expect, received: { deliveries: 0, first: 0, last: 0, latencies: [] } };
        process.send!({ ready: true });
      }
      if (message.close) {
        for (const socket of sockets) socket.close();
        process.send!({ ready: true });
      }
    })();
  });
  const open = async ({ url, experimentId, shared }: Order, index: number): Promise<WebSocket> => {
    const socket = new WebSocket(url.replace('http', 'ws'), ['graphql-transport-ws']);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = `subscription ($id: ID!) {
      epochLogged(experimentId: $id) { kind cursor epoch { id epoch timestamp metrics { trainLoss valLoss values } } }
    }${shared ? '' : ` # ${index}`}`;
    const payload = { query, variables: { id: experimentId } };
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    // What is asked behind the subscription is answered behind its beginning.
    socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{ __typename }' } }));
    let answers = 0;
    await new Promise<void>((resolve) => {
      socket.on('message', () => {
        if (++answers === 2) resolve();
      });
    });
    socket.on('message', (data: Buffer) => {
      if (!round) return;
      const at = now();
      const { received } = round;
      if (received.deliveries++ === 0) received.first = at;
      if (received.deliveries % 10 === 0) {
        const [, sent] = /"sent":([\d.]+)/.exec(data.toString()) ?? [];
        received.latencies.push(at - Number(sent));
      }
      if (received.deliveries === round.expected) {
        received.last = at;
        process.send!({ received });
        round = undefined;
      }
    });
    return socket;
  };
  return new Promise(() => undefined);
}

async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  child.send(message);
  return (await answered)[0];
}

async function subscribersOf(url: string): Promise<number> {
  const { live } = (await (await fetch(new URL('/health/ready', url))).json()) as { live: { subscribers: number } };
  return live.subscribers;
}

async function main(): Promise<void> {
  const [count, events, rounds] = [2, 3, 4].map((at, i) => Number(process.argv[at] ?? [1_000, 100, 3][i]));
  const server = await startBenchServer();
  const child = fork(__filename, ['--subscribers']);
  let epoch = 0;
  const log = async (experimentId: string, burst: number): Promise<void> => {
    const epochs = Array.from({ length: burst }, () => ({
      epoch: epoch++,
      metrics: { train_loss: 0.5, val_loss: 0.25, sent: now() },
    }));
    await post(server.url, 'mutation ($input: LogEpochsInput!) { logEpochs(input: $input) { created } }', {
      input: { experimentId, epochs },
    });
  };

  const figures = new Map<string, { rate: number[]; latencies: number[] }>();
  for (let round = 0; round < rounds!; round++) {
    for (const shared of [true, false]) {
      const { createExperiment } = await post<{ createExperiment: { experiment: { id: string } } }>(
        server.url,
        'mutation { createExperiment(input: { name: "bench" }) { experiment { id } } }',
      );
      const experimentId = createExperiment.experiment.id;
      await ask(child, { open: { url: server.url, experimentId, count: count!, shared } satisfies Order });
      for (const burst of [1, 10]) {
        await ask(child, { expect: count! * events! });
        const received = once(child, 'message') as Promise<[{ received: Received }]>;
        for (let sent = 0; sent < events!; sent += burst) await log(experimentId, burst);
        const [{ received: all }] = await received;
        const key = `${shared ? 'shared' : 'each'} ${burst === 1 ? 'single' : 'bursts'}`;
        const figure = figures.get(key) ?? { rate: [], latencies: [] };
        figure.rate.push((all.deliveries / (all.last - all.first)) * 1_000);
        figure.latencies.push(...all.latencies);
        figures.set(key, figure);
      }
      await ask(child, { close: true });
      while ((await subscribersOf(server.url)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  child.kill();

  console.log(`${count} subscribers of one experiment, ${events} events a round, ${rounds} rounds (medians):`);
  for (const [key, { rate, latencies }] of figures) {
    latencies.sort((a, b) => a - b);
    const at = (share: number): string => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(1);
    const spread = `${Math.round(Math.min(...rate))} to ${Math.round(Math.max(...rate))}`;
    console.log(
      `  ${key.padEnd(14)} ${Math.round(median(rate))} deliveries/s (${spread}), ` +
        `from sending the mutation ${at(0.5)} ms median, ${at(0.99)} ms p99`,
    );
  }
  for (const kind of ['single', 'bursts']) {
    const gain = median(figures.get(`shared ${kind}`)!.rate) / median(figures.get(`each ${kind}`)!.rate);
    console.log(`  gain of sharing, ${kind}: ${gain.toFixed(1)}`);
  }
  await server.stop();
}

void (process.argv.includes('--subscribers') ? subscribers() : main()).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
