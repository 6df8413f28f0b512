import { ObjectId, type CommandFailedEvent, type CommandStartedEvent } from 'mongodb';
import { DEFAULT_LIMITS } from '../../src/limits';
import { startFailingServer, type FailingServer } from '../faults/fail-points';
import { createExperiment, LOG_EPOCH, LOG_EPOCHS, UPSERT } from '../kit/seed';
import type { TestServer } from '../kit/server';
import { everyTransport, overHttp, RawSocket, type Transport } from './transports';

const SECONDS = 1;
/** Longer than an operation has, and than the database takes to give up. */
const LONG = { blockConnection: true, blockTimeMS: 3_500 };
const SHORT = { blockConnection: true, blockTimeMS: 300 };
const NAME = 'query ($id: ID!) { experiment(id: $id) { name } }';
const VERSION = '{ serverInfo { version } }';

/** A value that is not stored yet. */
let last = 0;
const fresh = (): number => ++last;

describe('the time of an operation', () => {
  let failing: FailingServer;
  let server: TestServer;
  let transports: Transport[];
  let id: string;
  beforeAll(async () => {
    failing = await startFailingServer({ limits: { ...DEFAULT_LIMITS, operationSeconds: SECONDS } });
    server = failing.server;
    transports = await everyTransport(server.url);
  });
  beforeEach(async () => {
    id = await createExperiment(server);
  });
  afterEach(() => failing.recover());
  afterAll(async () => {
    for (const transport of transports) transport.close();
    await failing.close();
  });

  /** The commands of this name that the driver gave up while `work` ran, and those that it sent. */
  async function commandsDuring(name: string, work: () => Promise<unknown>) {
    const { client } = server.stores.database;
    const failed: CommandFailedEvent[] = [];
    const started: CommandStartedEvent[] = [];
    const onFailed = (event: CommandFailedEvent) => event.commandName === name && failed.push(event);
    const onStarted = (event: CommandStartedEvent) => event.commandName === name && started.push(event);
    client.on('commandFailed', onFailed).on('commandStarted', onStarted);
    await work();
    client.off('commandFailed', onFailed).off('commandStarted', onStarted);
    return { failed, started };
  }

  it.each([0, 1, 2, 3])('ends a query and its work in the database, on transport %i', async (index) => {
    const { name, ask } = transports[index]!;
    await failing.fail('alwaysOn', { failCommands: ['find'], ...LONG });
    const { failed, started } = await commandsDuring('find', async () => {
      const { errors, data } = await ask(NAME, { id });
      expect([name, errors?.[0]?.extensions.code]).toEqual([name, 'TIMED_OUT']);
      expect(errors![0]!.message).toContain('the limit of 1 (LIMIT_OPERATION_SECONDS) seconds');
      expect(errors![0]!.path).toEqual(['experiment']);
      expect(data).toEqual({ experiment: null });
    });
    // It was not left to run on unread: its connection is closed, and the database gives up by itself a little later.
    expect(started.length).toBeGreaterThan(0);
    expect(failed.length).toBe(started.length);
    for (const { command } of started) {
      expect(command.maxTimeMS).toBeGreaterThan(SECONDS * 1000);
      expect(command.maxTimeMS).toBeLessThanOrEqual(SECONDS * 1000 + 1000);
    }
    await failing.recover();
    expect(await ask(NAME, { id })).toMatchObject({ data: { experiment: { name: 'run' } } });
  });

  it.each([0, 1, 2, 3])('is long enough for a query that ends within it, on transport %i', async (index) => {
    await failing.fail({ times: 1 }, { failCommands: ['find'], ...SHORT });
    expect(await transports[index]!.ask(NAME, { id })).toMatchObject({ data: { experiment: { name: 'run' } } });
  });

  it('leaves what is beside it alone: subscriptions and operations of the same socket, other clients', async () => {
    const socket = await RawSocket.open(server.url);
    const live = socket.subscribe('subscription ($id: ID!) { epochLogged(experimentId: $id) { epoch { epoch } } }', {
      id,
    });
    await socket.ask(NAME, { id });
    await failing.fail('alwaysOn', { failCommands: ['find'], ...LONG });
    const slow = socket.subscribe(NAME, { id });
    expect(await socket.ask(VERSION)).toMatchObject({ data: { serverInfo: {} } });
    expect(await overHttp(server.url).ask(VERSION)).toMatchObject({ data: { serverInfo: {} } });
    expect(socket.received.some((message) => message.id === slow)).toBe(false);
    expect((await socket.answerTo(slow)).errors?.[0]?.extensions.code).toBe('TIMED_OUT');
    await failing.recover();
    await server.data(LOG_EPOCH, { input: { experimentId: id, epoch: 7, metrics: {} } });
    // It has stood for longer than an operation may take.
    expect(await socket.answerTo(live)).toEqual({ data: { epochLogged: { epoch: { epoch: 7 } } } });
    socket.close();
  });

  it('holds for each event of a subscription, which goes on', async () => {
    const socket = await RawSocket.open(server.url);
    const live = socket.subscribe(
      'subscription ($id: ID!) { epochLogged(experimentId: $id) { epoch { epoch experiment { name } } } }',
      { id },
    );
    await socket.ask(NAME, { id });
    const insert = (epoch: number) =>
      server.stores.database.collections.epochs.insertOne({ experiment_id: new ObjectId(id), epoch, metrics: {} });
    await failing.fail('alwaysOn', { failCommands: ['find'], ...LONG });
    await insert(0);
    expect((await socket.answerTo(live)).errors?.[0]?.extensions.code).toBe('TIMED_OUT');
    await failing.recover();
    await insert(1);
    const next = await socket.until(({ payload }) => payload?.data?.epochLogged?.epoch?.epoch === 1);
    expect(next.payload).toEqual({ data: { epochLogged: { epoch: { epoch: 1, experiment: { name: 'run' } } } } });
    socket.close();
  });

  it.each([
    [
      'heartbeat',
      'findAndModify',
      'mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { id } } }',
      () => ({ id }),
    ],
    ['logEpoch', 'update', LOG_EPOCH, () => ({ input: { experimentId: id, epoch: 0, metrics: { a: fresh() } } })],
    [
      'logEpochs',
      'update',
      LOG_EPOCHS,
      () => ({ input: { experimentId: id, epochs: [{ epoch: 0, metrics: { a: fresh() } }] } }),
    ],
    ['upsertSubjects', 'update', UPSERT, () => ({ subjects: [{ subjectId: 'sub-1', age: fresh() }] })],
    ['upsertSubjects', 'find', UPSERT, () => ({ subjects: [{ subjectId: 'sub-2', age: fresh() }] })],
    ['deleteExperiment', 'find', 'mutation ($id: ID!) { deleteExperiment(id: $id) { id } }', () => ({ id })],
  ])(
    'ends %s that waits for %s as an unknown outcome, which can be repeated',
    async (_, command, document, variables) => {
      const others = document === LOG_EPOCH ? ['WebSocket', 'SSE'] : [];
      for (const { name, ask } of transports.filter((one) => ['HTTP', ...others].includes(one.name))) {
        await failing.fail('alwaysOn', { failCommands: [command], ...LONG });

        const given = variables();
        const { errors, data } = await ask(document, given);
        expect([name, errors?.[0]?.extensions.code]).toEqual([name, 'DATABASE_UNAVAILABLE']);
        expect(errors![0]!.message).toMatch(/may be stored or not.*repeated write is stored once/);
        expect(data).toBeNull();
        await failing.recover();
        let again;
        do again = await ask(document, given);
        while (again.errors?.[0]?.extensions.code === 'DATABASE_UNAVAILABLE');
        expect([name, again.errors]).toEqual([name, undefined]);
      }
    },
  );

  it('does not begin a write whose time has passed while it waited for its turn', async () => {
    await failing.fail({ times: 1 }, { failCommands: ['findAndModify'], ...LONG });
    const { experiments } = server.stores;
    const UPDATE =
      'mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { experiment { id } } }';
    const { started } = await commandsDuring('findAndModify', async () => {
      // What the server does on its own has no such time; this one takes longer than the one behind it may wait.
      const before = experiments.update({ id, note: 'before' });
      const { errors } = await overHttp(server.url).ask(UPDATE, { input: { id, note: 'late' } });
      expect(errors?.[0]?.extensions.code).toBe('DATABASE_UNAVAILABLE');
      await before;
      expect(await experiments.update({ id, name: 'after' })).toMatchObject({ note: 'before' });
    });
    expect(started.length).toBe(2);
  });
});
