import { startServer, type TestServer } from '../kit/server';

const LISTS = `query ($filter: ExperimentFilter, $orderBy: [ExperimentOrder!]) {
  experiments(filter: $filter, orderBy: $orderBy) { totalCount nodes { name } }
  experimentFacets(filter: $filter) { total }
  trainingTimeByModel(filter: $filter) { modelName }
  explainExperiments(filter: $filter, orderBy: $orderBy) { stage }
}`;
const SUBJECTS = `query ($filter: SubjectFilter) {
  subjects(filter: $filter) { totalCount nodes { subjectId } }
  subjectFacets(filter: $filter) { total }
}`;

const MANY = 100_000;
const many = <T>(item: T): T[] => Array.from({ length: MANY }, () => item);

/** Wraps a value in itself, that many times. */
function nest(times: number, wrap: (inner: unknown) => unknown, inner: unknown): unknown {
  let value = inner;
  for (let index = 0; index < times; index++) value = wrap(value);
  return value;
}

/** Patterns that take a matcher exponential time, and others that would match everything. */
const BOMBS = [
  '(a+)+$',
  '(a|aa)+$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(.*)*x',
  '.*',
  '^',
  '|',
  '[',
  '\\',
  '(?i)a',
  'a{1,99999}',
  '\\Q',
  '$',
];
const KEYS = [
  '$where',
  '$expr',
  'a.$b',
  '$$ROOT',
  '__proto__',
  'constructor',
  '_bsontype',
  'a.__proto__.b',
  '0',
  'a.0',
  'prototype.polluted',
];

describe('hostile filters', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    const { experiments, subjects } = server.stores.database.collections;
    const text = 'a'.repeat(2_000);
    await experiments.insertMany(
      Array.from({ length: 200 }, (_, index) => ({
        experiment_name: `${text}!${index}`,
        note: text,
        tags: [text],
        config: { a: text },
      })),
    );
    await subjects.insertMany(Array.from({ length: 200 }, (_, index) => ({ subject_id: `${text}${index}` })));
    // The first request of a server compiles what later ones find.
    await server.data(LISTS);
    await server.data(SUBJECTS);
  });
  afterAll(() => server.close());

  /** Asks for every list under a filter. Whatever it is, the answer is data or the client's own mistake. */
  const ask = async (variables: Record<string, unknown>, document = LISTS) => {
    const answer = await server.query(document, variables);
    expect([200, 400]).toContain(answer.status);
    for (const { message, extensions } of answer.errors ?? []) {
      expect([message, extensions.code]).toEqual([message, 'BAD_USER_INPUT']);
    }
    return answer;
  };
  const refused = async (variables: Record<string, unknown>, document = LISTS) => {
    const { errors } = await ask(variables, document);
    expect(errors?.length).toBeGreaterThan(0);
    return errors!.map(({ message }) => message);
  };
  const total = async (filter: object) => {
    const { data, errors } = await ask({ filter });
    expect(errors).toBeUndefined();
    expect(data.experimentFacets).toEqual({ total: (data.experiments as { totalCount: number }).totalCount });
    return (data.experiments as { totalCount: number }).totalCount;
  };

  it.each(BOMBS)('takes the pattern %s for text', async (bomb) => {
    for (const filter of [{ search: bomb }, { name: { contains: bomb } }, { name: { startsWith: bomb } }]) {
      expect(await total(filter)).toBe(0);
    }
    expect(await total({ not: { or: [{ search: bomb }, { createdBy: { contains: bomb } }] } })).toBe(200);
    const { data } = await ask({ filter: { search: bomb } }, SUBJECTS);
    expect(data).toEqual({ subjects: { totalCount: 0, nodes: [] }, subjectFacets: { total: 0 } });
  });

  it.each(KEYS)('takes the key %s for a key, or refuses it', async (key) => {
    for (const condition of [{ eq: 1 }, { ne: {} }, { exists: true }, { gt: 0 }, { in: [{ [`${key}`]: 1 }] }]) {
      const { data, errors } = await ask({
        filter: { config: [{ path: key, ...condition }] },
        orderBy: [{ configPath: key }],
      });
      if (!errors) expect((data.experiments as { totalCount: number }).totalCount).toBe('ne' in condition ? 200 : 0);
    }
    expect(await total({ metrics: [{ name: key, exists: true }] })).toBe(0);
    expect((await ask({ orderBy: [{ metric: key }] })).errors).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a dot at the end', 'a.'],
    ['a dot at the start', '.a'],
    ['an empty key', 'a..b'],
    ['51 keys', Array.from({ length: 51 }, () => 'a').join('.')],
    ['a NUL', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['1,025 characters', 'x'.repeat(1025)],
    ['a prototype', '__proto__'],
    ['a type of BSON', '_bsontype'],
  ])('refuses a path of %s', async (_, path) => {
    await refused({ filter: { config: [{ path, exists: true }] } });
    await refused({ orderBy: [{ configPath: path }] });
  });

  it.each<[string, unknown]>([
    ['$where', { $where: 'sleep(1000)' }],
    ['$gt', { $gt: '' }],
    ['a pattern', { $regex: '.*', $options: 'i' }],
    ['an id', { $oid: '0'.repeat(24) }],
    ['a function', { _bsontype: 'Code', code: 'while (true);' }],
    ['a prototype', JSON.parse('{ "__proto__": { "polluted": true } }')],
    ['a list of operators', [{ $gt: '' }, { $where: '1' }]],
    ['a text that reads like a path', '$config.a'],
    ['a variable', '$$ROOT'],
  ])('takes a value of %s for a value, or refuses it', async (_, value) => {
    for (const condition of [{ eq: value }, { in: [value] }]) {
      const { data, errors } = await ask({ filter: { config: [{ path: 'a', ...condition }] } });
      if (!errors) expect(data.experiments).toEqual({ totalCount: 0, nodes: [] });
    }
    for (const field of ['name', 'hostname', 'createdBy', 'modelName']) {
      if (typeof value === 'object') await refused({ filter: { [field]: { eq: value } } });
      else expect(await total({ [field]: { eq: value } })).toBe(0);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each<[string, object]>([
    ['an id of another form', { ids: ['x'] }],
    ['an id of 12 bytes', { ids: ['abcdefghijkl'] }],
    ['an object for an id', { ids: [{ $ne: null }] }],
    ['a parent of another form', { parentId: '$where' }],
    ['a NUL in a pattern', { search: 'a\0' }],
    ['half a character', { name: { eq: '\ud800' } }],
    ['half a character in a list', { tags: { any: ['ok', '\udc00'] } }],
    ['half a character in a value', { config: [{ path: 'a', eq: ['\ud800'] }] }],
    ['4 million characters to search for', { search: 'x'.repeat(4_000_000) }],
    ['4 million characters to compare', { name: { eq: 'x'.repeat(4_000_000) } }],
    ['an integer past 2^53', { config: [{ path: 'a', eq: 2 ** 53 }] }],
    ['an operator that there is not', { name: { $regex: '.*' } }],
    ['a field that there is not', { $where: '1' }],
    ['a status that there is not', { status: ['running'] }],
    ['a day that there is not', { startTime: { gt: '2025-02-30T00:00:00Z' } }],
    ['a time without a zone', { startTime: { gt: '2025-02-01T00:00:00' } }],
    ['a null in a list', { tags: { any: [null] } }],
    [
      'more conditions than 500',
      { or: Array.from({ length: 100 }, () => ({ and: [{}, {}, {}, {}, { metrics: [{ name: 'a' }] }] })) },
    ],
  ])('refuses %s', async (_, filter) => {
    await refused({ filter });
  });

  it.each<[string, object]>([
    ['and', nest(1000, (inner) => ({ and: [inner] }), {}) as object],
    ['or', nest(1000, (inner) => ({ or: [inner, {}] }), {}) as object],
    ['not', nest(1000, (inner) => ({ not: inner }), {}) as object],
    ['lists in a value', { config: [{ path: 'a', eq: nest(1000, (inner) => [inner], 1) }] }],
    ['objects in a value', { config: [{ path: 'a', eq: nest(1000, (inner) => ({ a: inner }), 1) }] }],
    ['objects in one of several values', { config: [{ path: 'a', in: [nest(1000, (inner) => [{ a: inner }], 1)] }] }],
  ])('refuses 1,000-fold nesting of %s', async (_, filter) => {
    await refused({ filter });
  });

  it.each<[string, object]>([
    ['filters', { filter: { or: many({}) } }],
    ['filters with conditions', { filter: { and: many({ name: { eq: 'x' } }) } }],
    ['conditions on config', { filter: { config: many({ path: 'a', eq: 1 }) } }],
    ['conditions on metrics', { filter: { metrics: many({ name: 'a', eq: 1 }) } }],
    ['keys of an order', { orderBy: many({ field: 'NAME' }) }],
    [
      'filters in filters',
      { filter: { or: Array.from({ length: 250 }, () => ({ and: Array.from({ length: 60 }, () => ({})) })) } },
    ],
  ])('refuses 100,000 %s', async (_, variables) => {
    await refused(variables as Record<string, unknown>);
  });

  it.each<[string, object]>([
    ['ids', { ids: many('0'.repeat(24)) }],
    ['numbers', { challenge: { in: many(1) } }],
    ['texts', { name: { in: many('x') } }],
    ['tags', { tags: { any: many('x') } }],
    ['tags in a row', { tags: { all: many('x'), none: many('x') } }],
    ['statuses', { status: many('RUNNING') }],
    ['states of life', { liveness: many('ALIVE') }],
    ['values', { config: [{ path: 'a', in: many(1) }] }],
    ['items of a value', { config: [{ path: 'a', eq: many(1) }] }],
    ['keys of a value', { config: [{ path: 'a', eq: Object.fromEntries(many(0).map((_, index) => [index, 1])) }] }],
  ])('refuses a list of 100,000 %s', async (_, filter) => {
    await refused({ filter });
  });

  it.each(BOMBS.slice(0, 4))('looks for %s in long texts without delay', async (bomb) => {
    await ask({ filter: { or: [{ search: bomb }, { name: { startsWith: 'a'.repeat(1000) + bomb } }] } });
  });

  it('refuses the same in filters of subjects', async () => {
    for (const filter of [
      { search: 'a\0' },
      { search: 'x'.repeat(1025) },
      { subjectIds: many('x') },
      { phenotypic: [{ name: '' }] },
      { phenotypic: [{ name: 'a\0' }] },
      { age: { gt: 'NaN' } },
      nest(1000, (inner) => ({ or: [inner] }), {}),
    ]) {
      await refused({ filter }, SUBJECTS);
    }
    expect((await ask({ filter: { phenotypic: [{ name: '$where', exists: true }] } }, SUBJECTS)).data.subjects).toEqual(
      {
        totalCount: 0,
        nodes: [],
      },
    );
  });

  it('logs none of it as an error', () => {
    expect(server.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});
