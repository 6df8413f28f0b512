import { ObjectId } from 'mongodb';
import { createExperiment, logEpochs, seedLaboratory } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

interface Connection {
  totalCount: number;
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const FIELDS = 'totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

describe('pages', () => {
  let server: TestServer;
  let ids: string[];
  beforeAll(async () => {
    server = await startServer();
    ids = await seedLaboratory(server, 7);
  });
  afterAll(() => server.close());

  type Lists = Record<string, [string, (list: string) => string]>;
  /** Every list of the schema: how it is asked for, with its arguments in place of `list`. */
  const lists = (): Lists => ({
    experiments: ['', (list) => `{ list: experiments(${list}) { ${FIELDS} } }`],
    subjects: ['', (list) => `{ list: subjects(${list}) { ${FIELDS} } }`],
    'Experiment.epochs': [ids[3]!, (list) => `{ experiment(id: "${ids[3]}") { list: epochs(${list}) { ${FIELDS} } } }`],
    'Experiment.checkpoints': [
      ids[3]!,
      (list) => `{ experiment(id: "${ids[3]}") { list: checkpoints(${list}) { ${FIELDS} } } }`,
    ],
    'Experiment.subjects': [
      ids[3]!,
      (list) => `{ experiment(id: "${ids[3]}") { list: subjects(${list}) { ${FIELDS} } } }`,
    ],
    'Subject.experiments': [
      '',
      (list) => `{ subject(subjectId: "sub-001") { list: experiments(${list}) { ${FIELDS} } } }`,
    ],
  });
  const names = [
    'experiments',
    'subjects',
    'Experiment.epochs',
    'Experiment.checkpoints',
    'Experiment.subjects',
    'Subject.experiments',
  ];

  const ask = async (name: string, args: string): Promise<Connection> => {
    const data = await server.data(lists()[name]![1](args));
    return (data.list ?? Object.values(data as Record<string, { list: Connection }>)[0]!.list) as Connection;
  };
  const idsOf = ({ edges }: Connection): string[] => edges.map(({ node }) => node.id);

  it.each(names)('%s gives every record once, forward and backward, in pages of any size', async (name) => {
    const whole = idsOf(await ask(name, 'first: 100'));
    expect(new Set(whole).size).toBe(whole.length);
    expect(whole.length).toBeGreaterThan(1);
    for (const size of [1, 2, 3]) {
      const forward: string[] = [];
      for (let after = ''; ;) {
        const page = await ask(name, `first: ${size}${after}`);
        expect(page.totalCount).toBe(whole.length);
        expect(page.pageInfo.hasPreviousPage).toBe(after !== '');
        expect([page.pageInfo.startCursor, page.pageInfo.endCursor]).toEqual([
          page.edges[0]!.cursor,
          page.edges.at(-1)!.cursor,
        ]);
        forward.push(...idsOf(page));
        expect(page.pageInfo.hasNextPage).toBe(forward.length < whole.length);
        if (!page.pageInfo.hasNextPage) break;
        after = `, after: "${page.pageInfo.endCursor}"`;
      }
      expect(forward).toEqual(whole);
      const backward: string[] = [];
      for (let before = ''; ;) {
        const page = await ask(name, `last: ${size}${before}`);
        backward.unshift(...idsOf(page));
        if (!page.pageInfo.hasPreviousPage) break;
        before = `, before: "${page.pageInfo.startCursor}"`;
      }
      expect(backward).toEqual(whole);
    }
    const first = await ask(name, 'first: 1');
    const last = await ask(name, 'last: 1');
    const between = await ask(
      name,
      `first: 100, after: "${first.edges[0]!.cursor}", before: "${last.edges[0]!.cursor}"`,
    );
    expect(idsOf(between)).toEqual(whole.slice(1, -1));
  });

  it.each(names)('%s refuses wrong arguments', async (name) => {
    const cursor = (await ask('experiments', 'first: 1')).edges[0]!.cursor;
    const other = name === 'experiments' ? (await ask('subjects', 'first: 1')).edges[0]!.cursor : cursor;
    const wrong = [
      'first: 0',
      'first: -1',
      'last: 0',
      'first: 1, last: 1',
      'first: 1001',
      'last: 2147483647',
      'first: 1, after: ""',
      'first: 1, after: "x"',
      `first: 1, after: "${cursor.slice(0, -4)}"`,
      'first: 1, after: "WzEsInN0YXJ0X3RpbWVfZGVzYyIseyIkZ3QiOjF9LDFd"',
      `last: 1, before: "${'A'.repeat(10_000)}"`,
      ...(name === 'Subject.experiments' ? [] : [`first: 1, after: "${other}"`]),
    ];
    for (const args of wrong) {
      const { errors } = await server.query(lists()[name]![1](args));
      expect([args, errors?.map(({ extensions }) => extensions.code)]).toEqual([args, ['BAD_USER_INPUT']]);
    }
  });

  it('default to 20 experiments', async () => {
    const fresh = await startServer();
    try {
      for (let index = 0; index < 23; index++) await createExperiment(fresh);
      const { experiments } = await fresh.data('{ experiments { totalCount nodes { id } pageInfo { hasNextPage } } }');
      expect(experiments.totalCount).toBe(23);
      expect(experiments.nodes).toHaveLength(20);
      expect(experiments.pageInfo.hasNextPage).toBe(true);
    } finally {
      await fresh.close();
    }
  });

  it('stay right while records are added and removed between them', async () => {
    const fresh = await startServer();
    try {
      const made: string[] = [];
      for (let index = 0; index < 10; index++) {
        made.push(await createExperiment(fresh, { startTime: new Date(Date.UTC(2025, 0, 10 + index)).toISOString() }));
      }
      const page = async (args: string) =>
        (await fresh.data(`{ experiments(${args}) { nodes { id } pageInfo { endCursor } } }`)).experiments;
      const first = await page('first: 4');
      await createExperiment(fresh, { startTime: '2026-01-01T00:00:00Z' });
      for (const id of made.slice(5, 7)) {
        await fresh.data(`mutation { deleteExperiment(id: "${id}") { id } }`);
      }
      const second = await page(`first: 4, after: "${first.pageInfo.endCursor}"`);
      const nodes = [...first.nodes, ...second.nodes].map(({ id }: { id: string }) => id);
      expect(nodes).toEqual([...made.slice(6).reverse(), ...made.slice(1, 5).reverse()]);
    } finally {
      await fresh.close();
    }
  });

  it('give experiments that share a start each once, and those without one last', async () => {
    const fresh = await startServer();
    try {
      const { experiments } = fresh.stores.database.collections;
      const at = new Date('2025-01-01T00:00:00Z');
      const documents = [
        ...Array.from({ length: 5 }, () => ({ _id: new ObjectId(), experiment_name: 'same', start_time: at })),
        { _id: new ObjectId(), experiment_name: 'text', start_time: 'yesterday' },
        { _id: new ObjectId(), experiment_name: 'none' },
        { _id: new ObjectId(), experiment_name: 'null', start_time: null },
        { _id: new ObjectId(), experiment_name: 'number', start_time: 5 },
      ];
      await experiments.insertMany(documents);
      const seen: string[] = [];
      for (let after = ''; ;) {
        const { experiments: page } = await fresh.data(
          `{ experiments(first: 2${after}) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
        );
        seen.push(...page.nodes.map(({ id }: { id: string }) => id));
        if (!page.pageInfo.hasNextPage) break;
        after = `, after: "${page.pageInfo.endCursor}"`;
      }
      const order = (some: typeof documents) => some.map(({ _id }) => String(_id)).reverse();
      expect(seen).toEqual([...order(documents.slice(0, 5)), ...order(documents.slice(5))]);
    } finally {
      await fresh.close();
    }
  });

  it('of epochs keep to the range asked for', async () => {
    const id = await createExperiment(server);
    await logEpochs(server, id, 10);
    const { experiment } = await server.data(`{ experiment(id: "${id}") {
      middle: epochs(from: 3, to: 6) { totalCount nodes { epoch } }
      end: epochs(from: 8, last: 1) { totalCount nodes { epoch } }
      none: epochs(from: 6, to: 3) { totalCount nodes { epoch } }
    } }`);
    expect(experiment.middle).toEqual({ totalCount: 4, nodes: [3, 4, 5, 6].map((epoch) => ({ epoch })) });
    expect(experiment.end).toEqual({ totalCount: 2, nodes: [{ epoch: 9 }] });
    expect(experiment.none).toEqual({ totalCount: 0, nodes: [] });
  });

  it('gives children whole that are too large together for one document of the database', async () => {
    const { experiments, epochs } = server.stores.database.collections;
    const parents = [0, 1].map(() => new ObjectId());
    const long = 'x'.repeat(1_000_000);
    const children = (parent: ObjectId) =>
      Array.from({ length: 20 }, (_, index) => ({
        _id: new ObjectId(),
        experiment_name: `child ${index}`,
        status: 'running',
        parent_experiment_id: parent,
        note: long,
        // Those without come last, in an order of their own.
        ...(index < 15 ? { start_time: new Date(index * 1000) } : {}),
      }));
    await experiments.insertMany(parents.map((_id) => ({ _id, experiment_name: 'parent', status: 'running' })));
    for (const parent of parents) await experiments.insertMany(children(parent));
    const values = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${'m'.repeat(1_000)}${index}`, index / 7]),
    );
    for (let epoch = 0; epoch < 20; epoch++)
      await epochs.insertOne({ experiment_id: parents[0], epoch, metrics: values });
    const { nodes } = await server.data(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Experiment {
        children(first: 18) { nodes { name note } pageInfo { hasNextPage } }
        epochs(last: 19) { nodes { epoch metrics { values } } pageInfo { hasPreviousPage } }
      } } }`,
      { ids: parents.map(String) },
    );
    const named = (index: number) => ({ name: `child ${index}`, note: long });
    const [first, second] = nodes;
    for (const parent of nodes) {
      const found = parent.children.nodes as unknown[];
      expect(found.slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, index) => named(14 - index)));
      expect(found).toHaveLength(18);
      expect(parent.children.pageInfo).toEqual({ hasNextPage: true });
    }
    expect(first.epochs.nodes.map(({ epoch }: { epoch: number }) => epoch)).toEqual(
      Array.from({ length: 19 }, (_, index) => index + 1),
    );
    expect(Object.keys(first.epochs.nodes[18].metrics.values)).toHaveLength(1_000);
    expect(first.epochs.pageInfo).toEqual({ hasPreviousPage: true });
    expect(second.epochs).toEqual({ nodes: [], pageInfo: { hasPreviousPage: false } });
  }, 60_000);
});
