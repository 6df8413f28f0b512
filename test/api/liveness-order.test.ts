import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectId, type Document } from 'mongodb';
import { commandsOf } from '../kit/database';
import { startServer, type TestServer } from '../kit/server';

interface Page {
  nodes: { id: string; name: string; liveness: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const LIST = `query ($filter: ExperimentFilter, $orderBy: [ExperimentOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  experiments(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { id name liveness } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const MINUTE = 60_000;
const HEARTBEAT = 'mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { liveness } } }';

/** A document that has been silent for so long; undefined has never sent a heartbeat. */
function run(experiment_name: string, status: string | undefined, silentMs?: number): Document {
  const beat = silentMs === undefined ? {} : { last_heartbeat_at: new Date(Date.now() - silentMs) };
  return { _id: new ObjectId(), experiment_name, ...(status ? { status } : {}), ...beat };
}

describe('experiments in the order of their liveness', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    await collection().deleteMany({});
  });

  const collection = () => server.stores.database.collections.experiments;
  const page = async (variables: Record<string, unknown>): Promise<Page> =>
    (await server.data(LIST, variables)).experiments as Page;
  const names = ({ nodes }: Page) => nodes.map(({ name }) => name);

  /** A whole list, page by page; `between` is called after each page with what it held. */
  const walk = async (
    variables: Record<string, unknown>,
    size: number,
    backward = false,
    between: (seen: string[]) => Promise<void> = async () => {},
  ): Promise<string[]> => {
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const one: Page = await page({
        ...variables,
        ...(backward ? { last: size, before: cursor } : { first: size, after: cursor }),
      });
      if (backward) seen.unshift(...names(one));
      else seen.push(...names(one));
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = one.pageInfo;
      if (!(backward ? hasPreviousPage : hasNextPage)) return seen;
      cursor = backward ? startCursor : endCursor;
      await between(seen);
    }
  };

  const seven = () => [
    run('f0', 'completed', MINUTE),
    run('u0', 'running'),
    run('s0', 'running', 6 * MINUTE),
    run('a0', 'running', MINUTE),
    run('f1', 'failed'),
    run('a1', undefined, 0),
    run('s1', 'no one knows it', 6 * MINUTE),
    run('f2', 'stopped', 6 * MINUTE),
  ];
  const ASCENDING = ['a0', 'a1', 's0', 's1', 'u0', 'f0', 'f1', 'f2'];

  it.each([1, 2, 3, 8, 20])('come ALIVE, STALLED, UNKNOWN, FINISHED, ties by id, in pages of %i', async (size) => {
    await collection().insertMany(seven());
    for (const backward of [false, true]) {
      expect(await walk({ orderBy: [{ field: 'LIVENESS' }] }, size, backward)).toEqual(ASCENDING);
      expect(await walk({ orderBy: [{ field: 'LIVENESS', direction: 'DESC' }] }, size, backward)).toEqual(
        [...ASCENDING].reverse(),
      );
    }
  });

  it('come under a filter, and before or behind other keys', async () => {
    await collection().insertMany(seven());
    const filter = { not: { name: { in: ['a1', 'u0', 'f1'] } } };
    expect(await walk({ filter, orderBy: [{ field: 'LIVENESS' }] }, 2)).toEqual(['a0', 's0', 's1', 'f0', 'f2']);
    const orderBy = [{ field: 'LIVENESS', direction: 'DESC' }, { field: 'NAME' }];
    expect(await walk({ orderBy }, 3)).toEqual(['f0', 'f1', 'f2', 'u0', 's0', 's1', 'a0', 'a1']);
    expect(await walk({ orderBy: [{ field: 'NAME' }, { field: 'LIVENESS' }] }, 3, true)).toEqual([
      ...['a0', 'a1', 'f0', 'f1', 'f2', 's0', 's1', 'u0'],
    ]);
  });

  it('cost one command a page, and no sorting of those that are over', async () => {
    await collection().insertMany(Array.from({ length: 120 }, (_, index) => run(`f${index}`, 'completed')));
    await collection().insertMany(seven());
    let after: string | null = null;
    for (let pages = 0; pages < 3; pages++) {
      let found!: Page;
      const commands = await commandsOf(server.stores.database.client, async () => {
        found = await page({ orderBy: [{ field: 'LIVENESS' }], first: 20, after });
      });
      expect(commands.map(({ name }) => name)).toEqual(['aggregate']);
      after = found.pageInfo.endCursor;
    }
    const explain = `query ($orderBy: [ExperimentOrder!]) {
      explainExperiments(orderBy: $orderBy, first: 20) { indexName documentsExamined }
    }`;
    const first = await server.data(explain, { orderBy: [{ field: 'LIVENESS' }] });
    expect(first.explainExperiments).toMatchObject({ documentsExamined: 5 });
    const last = await server.data(explain, { orderBy: [{ field: 'LIVENESS', direction: 'DESC' }] });
    expect(last.explainExperiments.documentsExamined).toBeLessThan(60);
  });

  it.each([false, true])('keep their places while time goes by between pages (backward: %s)', async (backward) => {
    const soon = 5 * MINUTE - 2_500;
    // Those that fall silent have the higher ids: as STALLED ones they would come behind the others.
    const silent = Array.from({ length: 3 }, (_, index) => run(`silent ${index}`, 'running', 6 * MINUTE));
    const documents = [
      ...Array.from({ length: 6 }, (_, index) => run(`falls silent ${index}`, 'running', soon)),
      ...silent,
      run('over', 'stopped'),
    ];
    await collection().insertMany(documents);
    const expected = documents.map(({ experiment_name }) => experiment_name as string);
    const direction = backward ? 'DESC' : 'ASC';
    const orderBy = [{ field: 'LIVENESS', direction }];
    const filter = { liveness: ['ALIVE', 'FINISHED', 'STALLED'] };
    let turned = false;
    const seen = await walk({ orderBy, filter }, 2, false, async () => {
      // Wait, after the first page, until the server itself calls the first ones stalled.
      while (!turned) {
        const { nodes } = await page({ filter: { name: { eq: 'falls silent 0' } } });
        turned = nodes[0]!.liveness === 'STALLED';
        if (!turned) await sleep(20);
      }
    });
    expect(turned).toBe(true);
    expect(seen).toEqual(backward ? [...expected].reverse() : expected);
    // A walk that begins now sees them as they are now.
    const again = await walk({ filter: { liveness: ['ALIVE'] }, orderBy }, 2);
    expect(again).toEqual([]);
  });

  it('each come once while runs end and send heartbeats, but for those that move', async () => {
    await collection().insertMany([
      ...Array.from({ length: 4 }, (_, index) => run(`a${index}`, 'running', 0)),
      ...Array.from({ length: 4 }, (_, index) => run(`s${index}`, 'running', 9 * MINUTE)),
      ...Array.from({ length: 4 }, (_, index) => run(`f${index}`, 'failed')),
    ]);
    const moved = ['s3', 'f3'];
    let done = false;
    const seen = await walk({ orderBy: [{ field: 'LIVENESS' }] }, 3, false, async () => {
      if (done) return;
      done = true;
      for (const name of moved) {
        const id = (await collection().findOne({ experiment_name: name }))!._id.toHexString();
        await server.data(HEARTBEAT, { id });
      }
      await collection().updateOne({ experiment_name: 's3' }, { $set: { status: 'completed' } });
      await collection().insertOne(run('new', 'running'));
    });
    expect(seen.filter((name) => !moved.includes(name))).toEqual([
      ...['a0', 'a1', 'a2', 'a3', 's0', 's1', 's2', 'new', 'f0', 'f1', 'f2'],
    ]);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('take only cursors of one walk and of this order', async () => {
    await collection().insertMany(seven());
    const orderBy = [{ field: 'LIVENESS' }];
    const one = await page({ orderBy, first: 2 });
    await sleep(2);
    const other = await page({ orderBy, first: 4 });
    const codes = async (variables: Record<string, unknown>) =>
      (await server.query(LIST, variables)).errors?.map(({ message, extensions }) => [extensions.code, message]);
    const { endCursor } = one.pageInfo;
    expect(await codes({ orderBy, after: endCursor, before: other.pageInfo.endCursor })).toEqual([
      ['BAD_USER_INPUT', expect.stringMatching(/^before: is a cursor of another walk/)],
    ]);
    expect(await codes({ orderBy: [{ field: 'LIVENESS', direction: 'DESC' }], after: endCursor })).toEqual([
      ['BAD_USER_INPUT', expect.stringMatching(/^after: is a cursor of another list or order/)],
    ]);
    const between = await page({
      orderBy,
      after: endCursor,
      before: (await page({ orderBy, after: endCursor, first: 3 })).pageInfo.endCursor,
    });
    expect(names(between)).toEqual(['s0', 's1']);
  });
});

describe('the silence after which a run counts as stalled', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ stalledAfterMinutes: 60 });
  });
  afterAll(() => server.close());

  it('is as the server is set, in the field, the filter, the facets and the order, and serverInfo tells it', async () => {
    await server.stores.database.collections.experiments.insertMany([
      run('silent', 'running', 61 * MINUTE),
      run('heard', 'running', 59 * MINUTE),
    ]);
    const { all, stalled, experimentFacets, serverInfo } = await server.data(`{
      all: experiments(orderBy: [{ field: LIVENESS }]) { nodes { name liveness } }
      stalled: experiments(filter: { liveness: [STALLED] }) { nodes { name } }
      experimentFacets { byLiveness { value count } }
      serverInfo { limits }
    }`);
    expect(all.nodes).toEqual([
      { name: 'heard', liveness: 'ALIVE' },
      { name: 'silent', liveness: 'STALLED' },
    ]);
    expect(stalled.nodes).toEqual([{ name: 'silent' }]);
    expect(experimentFacets.byLiveness).toEqual(
      expect.arrayContaining([
        { value: 'ALIVE', count: 1 },
        { value: 'STALLED', count: 1 },
      ]),
    );
    expect(serverInfo.limits.stalledAfterMinutes).toBe(60);
  });
});
