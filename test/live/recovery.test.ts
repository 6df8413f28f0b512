import { createClient, type Client } from 'graphql-ws';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { WebSocket } from 'ws';
import { follow } from '../../examples/follow';
import type { start as Start } from '../../src/embedded/start';
import { uriOf } from '../kit/database';
import { BUILT, temporaryFolder } from '../kit/embedded';
import { form, newRandom } from '../kit/long-form';
import { freePort, killProcesses, startProcess, type ServerProcess } from '../kit/process';
import { embeddedPid, newEmbeddedStore, newStore, type ProcessStore } from '../kit/process-store';
import { CREATE, LOG_EPOCH, newId } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

const RUNS = '{ experiments(first: 100) { nodes { id name metrics { totalEpochs bestValLoss } } } }';
const CHANGED = `subscription ($after: String) {
  experimentChanged(after: $after) {
    kind cursor experimentId experiment { id name metrics { totalEpochs bestValLoss } }
  }
}`;
const EPOCHS =
  'query ($id: ID!) { experiment(id: $id) { epochs(first: 1000) { nodes { epoch metrics { valLoss } } } } }';
const LOGGED = `subscription ($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    cursor epoch { epoch metrics { valLoss } }
  }
}`;
const DELETE = 'mutation ($id: ID!) { deleteExperiment(id: $id) { id } }';

type Ask = <T = any>(document: string, variables?: Record<string, unknown>) => Promise<T>;

interface Run {
  id: string;
}
interface Epoch {
  epoch: number;
  metrics: { valLoss: number };
}

/** A dashboard: the list of runs and the curve of one, kept by the recipe of docs/live.md and by nothing else. */
class Dashboard {
  readonly runs = new Map<string, Run>();
  readonly curve = new Map<number, number>();
  /** How often each of the two had to begin anew. */
  begun = { runs: 0, curve: 0 };
  private readonly client: Client;
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>[];

  constructor(url: () => string, curveOf: string) {
    this.client = createClient({ url: () => socketUrl(url()), webSocketImpl: WebSocket, retryAttempts: 0 });
    const { signal } = this.stopping;
    this.following = [
      follow<{ cursor: string; kind: string; experimentId: string; experiment: Run | null }>(
        this.client,
        {
          query: CHANGED,
          onBegin: async () => {
            this.begun.runs++;
            const { experiments } = await this.query<{ experiments: { nodes: Run[] } }>(RUNS);
            this.runs.clear();
            for (const run of experiments.nodes) this.runs.set(run.id, run);
          },
          onEvent: ({ experimentId, experiment }) => {
            if (experiment) this.runs.set(experimentId, experiment);
            else this.runs.delete(experimentId);
          },
        },
        signal,
      ),
      follow<{ cursor: string; epoch: Epoch }>(
        this.client,
        {
          query: LOGGED,
          variables: { id: curveOf },
          begin: { afterEpoch: -1 },
          onBegin: () => {
            this.begun.curve++;
            this.curve.clear();
          },
          onEvent: ({ epoch }) => this.curve.set(epoch.epoch, epoch.metrics.valLoss),
        },
        signal,
      ),
    ];
  }

  /** Waits until it shows what is stored; at the end of its patience, the difference fails the test. */
  async expectStored(ask: Ask, curveOf: string): Promise<void> {
    const { experiments } = await ask(RUNS);
    const { experiment } = await ask(EPOCHS, { id: curveOf });
    const runs = (list: Run[]): Run[] => list.sort((a, b) => a.id.localeCompare(b.id));
    const stored = {
      runs: runs(experiments.nodes as Run[]),
      curve: (experiment.epochs.nodes as Epoch[]).map(({ epoch, metrics }) => [epoch, metrics.valLoss]),
    };
    const shown = () => ({
      runs: runs([...this.runs.values()]),
      curve: [...this.curve].sort(([a], [b]) => a - b),
    });
    for (let tries = 0; tries < 300 && JSON.stringify(shown()) !== JSON.stringify(stored); tries++) await sleep(50);
    expect(shown()).toEqual(stored);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.following);
    await this.client.dispose();
  }

  private query<T>(query: string): Promise<T> {
    return new Promise((resolve, reject) => {
      this.client.subscribe<T>(
        { query },
        {
          next: ({ data, errors }) => (data && !errors ? resolve(data) : reject(new AggregateError(errors ?? []))),
          error: (error) => reject(error instanceof Error ? error : new AggregateError(error as unknown[])),
          complete: () => undefined,
        },
      );
    });
  }
}

/** Writes runs and epochs, each again until it is acknowledged. */
class Writer {
  readonly curve = newId();
  private epoch = 0;

  constructor(private readonly ask: () => Ask) {}

  async create(): Promise<void> {
    await this.insist(CREATE, { input: { id: this.curve, name: 'curve' } });
  }

  /** Some epochs of the curve, some replaced, some runs made and some removed. */
  async write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const epoch = i % 7 === 6 ? Math.max(0, this.epoch - 3) : this.epoch++;
      const input = { experimentId: this.curve, epoch, metrics: { val_loss: Math.round(Math.random() * 1e6) / 1e6 } };
      await this.insist(LOG_EPOCH, { input });
      if (i % 5 !== 0) continue;
      const id = newId();
      await this.insist(CREATE, { input: { id, name: `run ${i}` } });
      if (i % 10 === 0) await this.insist(DELETE, { id });
    }
  }

  private async insist(document: string, variables: Record<string, unknown>): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.ask()(document, variables);
        return;
      } catch (error) {
        if (tries > 300) throw error;
        await sleep(30);
      }
    }
  }
}

describe('a client that follows the recipe shows what is stored', () => {
  const closers: (() => Promise<unknown>)[] = [];
  const random = newRandom('recovery');
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  describe('after a process died', () => {
    let store: ProcessStore;
    let server: ServerProcess;
    let dashboard: Dashboard;
    let writer: Writer;

    const begin = async (newStoreOf: () => ProcessStore): Promise<string> => {
      store = newStoreOf();
      closers.push(() => store.remove(), killProcesses);
      const port = await freePort();
      server = await startProcess({ env: { ...store.env, PORT: port }, cwd: store.folder });
      writer = new Writer(() => server.data);
      await writer.create();
      dashboard = new Dashboard(() => server.url, writer.curve);
      closers.push(() => dashboard.close());
      await writer.write(10);
      return port;
    };

    it(`the server, killed with -9 ${form(3, 25)} times`, async () => {
      const port = await begin(newStore);
      for (let round = 0; round < form(3, 25); round++) {
        const writing = writer.write(12);
        await sleep(random.below(150));
        await server.stop('SIGKILL');
        server = await startProcess({ env: { ...store.env, PORT: port }, cwd: store.folder });
        await writing;
        await dashboard.expectStored(server.data, writer.curve);
      }
      // It went on behind its cursors: the history was there.
      expect(dashboard.begun).toEqual({ runs: 1, curve: 1 });
    });

    it(`the embedded database, killed with -9 ${form(2, 20)} times`, async () => {
      await begin(newEmbeddedStore);
      for (let round = 0; round < form(2, 20); round++) {
        const writing = writer.write(12);
        await sleep(random.below(150));
        process.kill((await embeddedPid(store.dataDir))!, 'SIGKILL');
        await writing;
        await dashboard.expectStored(server.data, writer.curve);
      }
      expect(dashboard.begun).toEqual({ runs: 1, curve: 1 });
    });
  });

  describe('on a database of its own', () => {
    let uri: string;
    let driver: MongoClient;
    let server: TestServer;
    let dashboard: Dashboard;
    let writer: Writer;

    const begin = async (oplogMaxBytes: number): Promise<void> => {
      const { start } = (await import(path.join(BUILT, 'embedded/start.js'))) as { start: typeof Start };
      const { folder, remove } = temporaryFolder();
      const embedded = await start({ dataDir: folder, noSync: true, failPoints: true, oplogMaxBytes });
      closers.push(async () => {
        await embedded.close();
        remove();
      });
      uri = embedded.uri;
      driver = await MongoClient.connect(uri);
      closers.push(() => driver.close());
      server = await startServer({ mongodbUri: uri });
      closers.push(() => server.stop());
      writer = new Writer(() => server.data);
      await writer.create();
      dashboard = new Dashboard(() => server.url, writer.curve);
      closers.push(() => dashboard.close());
      await writer.write(10);
    };
    /** Writes elsewhere until nothing of before is in the database's history. */
    const trimHistory = async (): Promise<void> => {
      const elsewhere = driver.db('elsewhere').collection('things');
      for (let i = 0; i < 40; i++) await elsewhere.insertOne({ text: 'x'.repeat(20_000) });
    };
    /** Another server on the same database, as after a restart. */
    const restartServer = async (whileDown: () => Promise<void>): Promise<void> => {
      await server.stop();
      await whileDown();
      server = await startServer({ mongodbUri: uri });
    };
    const COMMAND = { configureFailPoint: 'failCommand' };

    it('when the stream was cut three times in a row', async () => {
      await begin(64 * 1024 * 1024);
      for (let round = 0; round < form(2, 20); round++) {
        // The driver comes back by itself after a getMore that fails, but not after the aggregate behind it failed, too.
        const data = { failCommands: ['getMore', 'aggregate'], closeConnection: true };
        await driver.db('admin').command({ ...COMMAND, mode: { times: 6 }, data });
        await writer.write(12);
        await dashboard.expectStored(server.data, writer.curve);
      }
      expect(dashboard.begun).toEqual({ runs: 1, curve: 1 });
      expect(server.log.filter(({ msg }) => String(msg).startsWith('The change stream broke')).length).toBeGreaterThan(
        0,
      );
    });

    it('when it was away while the history was trimmed: it is told, and begins anew', async () => {
      await begin(200_000);
      for (let round = 1; round <= form(2, 20); round++) {
        await restartServer(async () => {
          await driver
            .db('eeg2025')
            .collection('experiments')
            .updateOne({ experiment_name: 'curve' }, { $set: { experiment_name: `curve ${round}` } });
          await trimHistory();
        });
        await writer.write(5);
        await dashboard.expectStored(server.data, writer.curve);
        // A curve cut off among its stored epochs gets the newer ones before it is told that its place is gone.
        const begun = { runs: 1 + round, curve: 1 + round };
        for (let tries = 0; tries < 100 && dashboard.begun.curve < begun.curve; tries++) await sleep(50);
        expect(dashboard.begun).toEqual(begun);
        await dashboard.expectStored(server.data, writer.curve);
      }
    });

    it('when nothing happened to it for so long that the history was trimmed: its cursor still holds', async () => {
      await begin(200_000);
      await dashboard.expectStored(server.data, writer.curve);
      await trimHistory();
      // The stream is cut and opened again: from its post-batch token, since that of the last event is gone.
      const data = { failCommands: ['getMore'], closeConnection: true };
      await driver.db('admin').command({ ...COMMAND, mode: { times: 1 }, data });
      await sleep(1_500);
      const again = new Dashboard(() => server.url, writer.curve);
      closers.push(() => again.close());
      await writer.write(5);
      await dashboard.expectStored(server.data, writer.curve);
      await again.expectStored(server.data, writer.curve);
      expect(dashboard.begun).toEqual({ runs: 1, curve: 1 });
    });

    it('when its server lost its own place: it is told, and begins anew', async () => {
      await begin(64 * 1024 * 1024);
      await dashboard.expectStored(server.data, writer.curve);
      for (let round = 1; round <= form(2, 20); round++) {
        const data = { failCommands: ['getMore'], errorCode: 286 };
        await driver.db('admin').command({ ...COMMAND, mode: { times: 1 }, data });
        await writer.write(12);
        await dashboard.expectStored(server.data, writer.curve);
        expect(dashboard.begun).toEqual({ runs: 1 + round, curve: 1 + round });
      }
    });
  });

  it('whichever of two servers writes', async () => {
    const one = await startServer();
    closers.push(() => one.close());
    const other = await startServer({ mongodbUri: uriOf(one.stores.database) });
    closers.push(() => other.stop());
    let turn = 0;
    const writer = new Writer(() => (turn++ % 2 ? one : other).data);
    await writer.create();
    const dashboards = [one, other].map((server) => new Dashboard(() => server.url, writer.curve));
    for (const dashboard of dashboards) closers.push(() => dashboard.close());
    await writer.write(form(30, 300));
    for (const dashboard of dashboards) await dashboard.expectStored(one.data, writer.curve);
  });
});
