/**
 * How soon a subscriber has an epoch, on the embedded database with its data on disk: the time from the mutation's
 * answer and from its sending to the event over graphql-transport-ws, and, interleaved in the same run, the time from the
 * sending of an insert by the plain driver to its event in a change stream of the driver's own (the floor that any server
 * stands on; that event may come before the insert's answer).
 *
 *     npm run bench -- live-latency [rounds]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createClient } from 'graphql-ws';
import { MongoClient } from 'mongodb';
import { WebSocket } from 'ws';
import { parseConfig } from '../src/config';
import { createLog } from '../src/log';
import { createServer } from '../src/server';
import { start } from '../src/embedded/start';

function quantile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Something that happens once each round: `happened` gives its time, whichever of the two comes first. */
class Moment {
  private resolve: (time: number) => void = () => undefined;
  private promise = Promise.resolve(0);

  expect(): Promise<number> {
    this.promise = new Promise((resolve) => (this.resolve = resolve));
    return this.promise;
  }

  happened(): void {
    this.resolve(performance.now());
  }
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 300);
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const embedded = await start({ dataDir: folder });
  const server = await createServer(parseConfig({ PORT: '0', MONGODB_URI: embedded.uri }), createLog('warn'));
  const post = async (query: string, variables: object): Promise<any> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return response.json();
  };
  const created = await post('mutation { createExperiment(input: {name: "bench"}) { experiment { id } } }', {});
  const experimentId = created.data.createExperiment.experiment.id as string;

  const viaServer = new Moment();
  const client = createClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket });
  client.subscribe(
    {
      query: `subscription { epochLogged(experimentId: "${experimentId}") { epoch { epoch metrics { values } } } }`,
    },
    { next: () => viaServer.happened(), error: console.error, complete: () => undefined },
  );

  const viaDriver = new Moment();
  const driver = await MongoClient.connect(embedded.uri);
  const plain = driver.db('bench').collection('plain');
  await plain.insertOne({ n: -1 });
  const stream = plain.watch();
  const watching = (async () => {
    for await (const _ of stream) viaDriver.happened();
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));

  const answeredToEvent: number[] = [];
  const served: number[] = [];
  const direct: number[] = [];
  for (let epoch = 0; epoch < rounds; epoch++) {
    const event = viaServer.expect();
    const sent = performance.now();
    await post('mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome } }', {
      input: { experimentId, epoch, metrics: { train_loss: 1 / (epoch + 1), val_loss: 2 / (epoch + 1) } },
    });
    const answered = performance.now();
    const arrived = await event;
    answeredToEvent.push(arrived - answered);
    served.push(arrived - sent);

    const change = viaDriver.expect();
    const inserting = performance.now();
    await plain.insertOne({ n: epoch });
    direct.push((await change) - inserting);
  }
  for (const [name, times] of [
    ['logEpoch answered → event over graphql-transport-ws', answeredToEvent],
    ['logEpoch sent → event over graphql-transport-ws', served],
    ['insertOne sent → event in a change stream', direct],
  ] as const) {
    const sorted = [...times].sort((a, b) => a - b);
    const [median, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
    process.stdout.write(`${name}: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${rounds} rounds\n`);
  }
  const sum = (times: number[]) => times.reduce((total, time) => total + time, 0);
  process.stdout.write(
    `ratio of the means from sending, server to driver: ${(sum(served) / sum(direct)).toFixed(2)}\n`,
  );

  await client.dispose();
  await stream.close();
  await watching;
  await driver.close();
  await server.close();
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
}

void main();
