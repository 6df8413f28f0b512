import type { CommandStartedEvent, MongoClient } from 'mongodb';
import { openDatabase } from '../../src/stores/database';
import { startCuttingProxy } from '../faults/cutting-proxy';
import { newDatabaseUri } from '../kit/database';
import { until } from '../kit/process';
import { createExperiment, LOG_EPOCH } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { newClient, subscribe } from '../kit/subscribe';

/*
 * The driver waits for ever where a connection dies in the moment between its check of the connection and its write of
 * a command: the write to the dead socket returns false, and no 'drain' follows. These tests make that moment.
 */

let server: TestServer;

beforeAll(async () => (server = await startServer()));
afterAll(() => server.close());

interface Connection {
  socket: { destroy: () => void; listenerCount: (event: string) => number };
  id: number | string;
}

interface Server {
  pool: { checkedOut: Set<Connection> };
  monitor: { connection: Connection | null };
}

/** The driver tells nobody which socket it writes to. */
function serversOf(client: MongoClient): Server[] {
  const { topology } = client as unknown as { topology: { s: { servers: Map<string, Server> } } };
  return [...topology.s.servers.values()];
}

/** Destroys the socket of the next command of this name in that moment; resolves when it has. */
function breakNext(client: MongoClient, name: string): Promise<void> {
  return new Promise((resolve) => {
    const listen = ({ commandName, connectionId, address, ...event }: CommandStartedEvent): void => {
      if (commandName !== name) return;
      client.off('commandStarted', listen);
      const driverId = (event as { driverConnectionId?: unknown }).driverConnectionId ?? connectionId;
      const pools = serversOf(client).flatMap(({ pool }) => [...pool.checkedOut]);
      const connection = pools.find(({ id }) => id === driverId) ?? pools.at(-1)!;
      queueMicrotask(() => {
        connection.socket.destroy();
        resolve();
      });
    };
    client.on('commandStarted', listen);
  });
}

it.each(['find', 'update', 'commitTransaction'])(
  'a write whose connection dies as its %s is sent is answered, and so are those after it',
  async (command) => {
    const experimentId = await createExperiment(server);
    const log = (epoch: number) =>
      server.query(LOG_EPOCH, { input: { experimentId, epoch, metrics: { val_loss: 1 } } });
    expect((await log(0)).errors).toBeUndefined();
    const broken = breakNext(server.stores.database.client, command);
    const answers = await Promise.all([log(1), broken.then(() => log(2))]);
    for (const { errors } of answers) {
      expect(errors?.map(({ extensions }) => extensions.code) ?? ['DATABASE_UNAVAILABLE']).toEqual([
        'DATABASE_UNAVAILABLE',
      ]);
    }
    expect((await log(1)).errors).toBeUndefined();
    expect((await log(2)).errors).toBeUndefined();
  },
);

it('a read whose connection dies as it is sent is answered', async () => {
  const id = await createExperiment(server);
  const broken = breakNext(server.stores.database.client, 'find');
  const read = server.query('query ($id: ID!) { experiment(id: $id) { id } }', { id });
  const [{ data, errors }] = await Promise.all([read, broken]);
  if (errors) expect(errors.map(({ extensions }) => extensions.code)).toEqual(['DATABASE_UNAVAILABLE']);
  else expect(data).toEqual({ experiment: { id } });
});

it('subscriptions go on after the connection of the change feed died as its getMore was sent', async () => {
  const experimentId = await createExperiment(server);
  const client = newClient(server.url);
  const events = await subscribe(
    client,
    `subscription { epochLogged(experimentId: "${experimentId}", afterEpoch: -1) { epoch { epoch } } }`,
  );
  await breakNext(server.stores.database.client, 'getMore');
  await server.data(LOG_EPOCH, { input: { experimentId, epoch: 7, metrics: { val_loss: 1 } } });
  expect(await events.next(20_000)).toEqual({ epochLogged: { epoch: { epoch: 7 } } });
  await client.dispose();
});

it('the server is found again after an outage, although the connection that watches it died as it asked', async () => {
  const proxy = await startCuttingProxy(newDatabaseUri());
  const database = await openDatabase(`${proxy.uri}&heartbeatFrequencyMS=500`);
  const { socket } = await new Promise<Connection>((resolve) => {
    const listen = (): void => {
      const { connection } = serversOf(database.client)[0]!.monitor;
      if (!connection) return;
      database.client.off('serverHeartbeatStarted', listen);
      connection.socket.destroy();
      resolve(connection);
    };
    database.client.on('serverHeartbeatStarted', listen);
  });
  await until(
    () => socket.listenerCount('drain') === 0,
    () => 'The driver waits for what never comes.',
  );
  await proxy.shut();
  await proxy.open();
  await until(
    async () => (await database.db.command({ ping: 1 }).catch(() => undefined)) !== undefined,
    () => 'The server was not found again.',
  );
  await database.close();
  await proxy.close();
});
