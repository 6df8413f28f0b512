import type { Client } from 'graphql-ws';
import { createExperiment, LOG_EPOCH, logEpochs, newId, UPSERT } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { newClient, subscribe, type TestSubscription } from '../kit/subscribe';

const CHANGED = `subscription ($id: ID, $filter: ExperimentFilter, $after: String) {
  experimentChanged(id: $id, filter: $filter, after: $after) {
    kind cursor experimentId matches experiment { name status note tags metrics { bestValLoss } }
  }
}`;
const SUBJECTS = `subscription ($subjectId: String, $after: String) {
  subjectChanged(subjectId: $subjectId, after: $after) { kind cursor id subject { subjectId age } }
}`;
const BOARD = `subscription ($challenge: Int!, $first: Int, $metric: String, $direction: OrderDirection) {
  leaderboard(challenge: $challenge, first: $first, metric: $metric, direction: $direction) {
    name metrics { bestValLoss }
  }
}`;
const UPDATE = `mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { experiment { id } } }`;
const STATUS = `mutation ($input: UpdateExperimentStatusInput!) {
  updateExperimentStatus(input: $input) { experiment { id } }
}`;
const DELETE = 'mutation ($id: ID!) { deleteExperiment(id: $id) { id } }';

interface Changed {
  experimentChanged: {
    kind: string;
    cursor: string;
    experimentId: string;
    matches: boolean;
    experiment: { name: string; status: string; note: string | null } | null;
  };
}

describe('live lists', () => {
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

  const update = (id: string, input: object) => server.data(UPDATE, { input: { id, ...input } });
  const setStatus = (experimentId: string, status: string, metrics?: object) =>
    server.data(STATUS, { input: { experimentId, status, metrics } });
  const log = (experimentId: string, epoch: number, val_loss: number) =>
    server.data(LOG_EPOCH, { input: { experimentId, epoch, metrics: { val_loss } } });
  /** The next event, as what happened to which run. */
  const nextOf = async (events: TestSubscription<Changed>): Promise<[string, string, boolean]> => {
    const { kind, experimentId, matches } = (await events.next()).experimentChanged;
    return [kind, experimentId, matches];
  };

  describe('experimentChanged with a filter', () => {
    it('tells of runs under it, of each that leaves it, once, and of no other', async () => {
      const tag = newId();
      const inside = await createExperiment(server, { tags: [tag] });
      const outside = await createExperiment(server, { tags: ['other'] });
      const events = await subscribe<Changed>(client, CHANGED, { filter: { tags: { any: [tag] } } });
      await update(outside, { note: 'no' });
      await log(outside, 0, 1);
      await update(inside, { note: 'yes' });
      expect(await nextOf(events)).toEqual(['UPDATED', inside, true]);
      await update(inside, { tags: ['left'] });
      expect(await nextOf(events)).toEqual(['UPDATED', inside, false]);
      await update(inside, { note: 'nobody hears this' });
      await update(outside, { tags: [tag] });
      expect(await nextOf(events)).toEqual(['UPDATED', outside, true]);
      const created = await createExperiment(server, { tags: [tag], name: 'new' });
      expect(await nextOf(events)).toEqual(['CREATED', created, true]);
      await createExperiment(server, { tags: ['other'] });
      await update(inside, { tags: [tag] });
      expect(await nextOf(events)).toEqual(['UPDATED', inside, true]);
      events.stop();
    });

    it('follows status and metrics', async () => {
      const id = await createExperiment(server, { challenge: 77 });
      const other = await createExperiment(server, { challenge: 78 });
      const filter = {
        challenge: { eq: 77 },
        status: ['RUNNING'],
        metrics: [{ name: 'best_val_loss', lt: 0.5 }],
      };
      const events = await subscribe<Changed>(client, CHANGED, { filter });
      await log(other, 0, 0.1);
      await log(id, 0, 0.9);
      await log(id, 1, 0.4);
      expect(await nextOf(events)).toEqual(['UPDATED', id, true]);
      await setStatus(other, 'COMPLETED');
      await setStatus(id, 'COMPLETED');
      const left = (await events.next()).experimentChanged;
      expect(left).toMatchObject({ experimentId: id, matches: false, experiment: { status: 'COMPLETED' } });
      events.stop();
    });

    it('tells of every removal, which can be matched no more, unless one run was asked for', async () => {
      const tag = newId();
      const [watched, other] = [await createExperiment(server), await createExperiment(server)];
      const all = await subscribe<Changed>(client, CHANGED, { filter: { tags: { any: [tag] } } });
      const one = await subscribe<Changed>(client, CHANGED, { id: watched, filter: { tags: { any: [tag] } } });
      await server.data(DELETE, { id: other });
      await server.data(DELETE, { id: watched });
      expect(await nextOf(all)).toEqual(['DELETED', other, false]);
      expect(await nextOf(all)).toEqual(['DELETED', watched, false]);
      expect(await nextOf(one)).toEqual(['DELETED', watched, false]);
      all.stop();
      one.stop();
    });

    it('behind a cursor tells of runs that may have left meanwhile', async () => {
      const tag = newId();
      const id = await createExperiment(server, { tags: [tag] });
      const filter = { tags: { any: [tag] } };
      const events = await subscribe<Changed>(client, CHANGED, { filter });
      await update(id, { note: 'here' });
      const { cursor } = (await events.next()).experimentChanged;
      events.stop();
      await update(id, { tags: [] });
      await update(id, { note: 'gone' });
      const created = await createExperiment(server, { tags: [tag] });
      const resumed = await subscribe<Changed>(client, CHANGED, { filter, after: cursor });
      expect(await nextOf(resumed)).toEqual(['UPDATED', id, false]);
      expect(await nextOf(resumed)).toEqual(['CREATED', created, true]);
      resumed.stop();
    });

    it('refuses what is no filter, with the path of it', async () => {
      const events = await subscribe(client, CHANGED, { filter: { parentId: 'x' } });
      await expect(events.next()).rejects.toEqual([
        expect.objectContaining({
          message: expect.stringContaining('filter.parentId'),
          extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
        }),
      ]);
    });

    it('without a filter says that everything matches', async () => {
      const events = await subscribe<Changed>(client, CHANGED);
      const id = await createExperiment(server);
      expect(await nextOf(events)).toEqual(['CREATED', id, true]);
      events.stop();
    });
  });

  describe('subjectChanged', () => {
    const upsert = (...subjects: object[]) => server.data(UPSERT, { subjects });
    const remove = (subjectId: string) =>
      server.data('mutation ($id: String!) { deleteSubject(subjectId: $id) { subjectId } }', { id: subjectId });

    it('tells of subjects created, changed and removed', async () => {
      const events = await subscribe(client, SUBJECTS);
      await upsert({ subjectId: 'live-1', age: 9 });
      const created = (await events.next()).subjectChanged;
      expect(created).toMatchObject({ kind: 'CREATED', subject: { subjectId: 'live-1', age: 9 } });
      await upsert({ subjectId: 'live-1', age: 10 });
      expect((await events.next()).subjectChanged).toMatchObject({ kind: 'UPDATED', subject: { age: 10 } });
      await remove('live-1');
      expect((await events.next()).subjectChanged).toMatchObject({ kind: 'DELETED', id: created.id, subject: null });
      events.stop();
    });

    it('tells of one, with its removal and its return', async () => {
      await upsert({ subjectId: 'live-2' }, { subjectId: 'live-3' });
      const events = await subscribe(client, SUBJECTS, { subjectId: 'live-2' });
      await upsert({ subjectId: 'live-3', age: 8 });
      await remove('live-3');
      await upsert({ subjectId: 'live-2', age: 8 });
      const changed = (await events.next()).subjectChanged;
      expect(changed).toMatchObject({ kind: 'UPDATED', subject: { subjectId: 'live-2', age: 8 } });
      await remove('live-2');
      expect((await events.next()).subjectChanged).toMatchObject({ kind: 'DELETED', id: changed.id });
      await upsert({ subjectId: 'live-2' });
      expect((await events.next()).subjectChanged).toMatchObject({ kind: 'CREATED', subject: { age: null } });
      events.stop();
    });

    it('behind a cursor does not lose the removal of the one', async () => {
      await upsert({ subjectId: 'live-4' });
      const events = await subscribe(client, SUBJECTS, { subjectId: 'live-4' });
      await upsert({ subjectId: 'live-4', age: 7 });
      const { cursor, id } = (await events.next()).subjectChanged;
      events.stop();
      await remove('live-4');
      const resumed = await subscribe(client, SUBJECTS, { subjectId: 'live-4', after: cursor });
      expect((await resumed.next()).subjectChanged).toMatchObject({ kind: 'DELETED', id });
      resumed.stop();
    });
  });

  describe('leaderboard', () => {
    const completed = async (challenge: number, name: string, loss: number): Promise<string> => {
      const id = await createExperiment(server, { challenge, name });
      await log(id, 0, loss);
      await setStatus(id, 'COMPLETED');
      return id;
    };
    const namesOf = async (board: TestSubscription<any>): Promise<string[]> =>
      (await board.next()).leaderboard.map(({ name }: { name: string }) => name);

    it('gives the whole board at once, and again only when it changes', async () => {
      await completed(41, 'a', 0.5);
      await completed(41, 'b', 0.3);
      const board = await subscribe(client, BOARD, { challenge: 41, first: 2 });
      expect(await namesOf(board)).toEqual(['b', 'a']);
      // Too bad for the board, in another challenge, still running, without effect: the board stays as it is.
      await completed(41, 'c', 0.9);
      await completed(42, 'd', 0.1);
      const running = await createExperiment(server, { challenge: 41, name: 'e' });
      await log(running, 0, 0.1);
      await log(running, 1, 0.2);
      await setStatus(running, 'COMPLETED');
      expect(await namesOf(board)).toEqual(['e', 'b']);
      await server.data(DELETE, { id: running });
      expect(await namesOf(board)).toEqual(['b', 'a']);
      expect(board.waiting()).toEqual([]);
      board.stop();
    });

    it('goes by the metric and direction asked for', async () => {
      for (const [name, hours] of [
        ['short', 1],
        ['long', 9],
      ] as const) {
        const id = await createExperiment(server, { challenge: 43, name });
        await setStatus(id, 'COMPLETED', { training_time_hours: hours });
      }
      const board = await subscribe(client, BOARD, {
        challenge: 43,
        metric: 'training_time_hours',
        direction: 'DESC',
      });
      expect(await namesOf(board)).toEqual(['long', 'short']);
      board.stop();
    });

    it('is empty for a challenge without runs, and refuses a size out of range', async () => {
      const board = await subscribe(client, BOARD, { challenge: 9_999 });
      expect(await namesOf(board)).toEqual([]);
      board.stop();
      const wrong = await subscribe(client, BOARD, { challenge: 41, first: 0 });
      await expect(wrong.next()).rejects.toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argument: 'first' } }]);
    });

    it('is read once for all who follow it, and no more when nobody does', async () => {
      const before = server.subscribers();
      const boards = await Promise.all([1, 2, 3].map(() => subscribe(client, BOARD, { challenge: 44 })));
      for (const board of boards) expect(await namesOf(board)).toEqual([]);
      expect(server.subscribers()).toBe(before + 1);
      await completed(44, 'first', 0.5);
      for (const board of boards) expect(await namesOf(board)).toEqual(['first']);
      for (const board of boards) board.stop();
      await logEpochs(server, await createExperiment(server, { challenge: 44 }), 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(server.subscribers()).toBe(before);
    });
  });
});
