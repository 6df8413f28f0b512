import { request as httpRequest } from 'node:http';
import { createExperiment, CREATE, LOG_EPOCH, newId, SAVE } from '../kit/seed';
import { startServer, type Answer, type TestServer } from '../kit/server';

/** What no answer may hold: a stack, a path of the machine, a driver's name. */
const LEAKS = /node_modules|\.[jt]s:\d+| {4}at |Mongo[A-Z]\w+Error|\/tmp\/|\/home\//;

interface RawAnswer extends Answer {
  text: string;
}

describe('input', () => {
  let server: TestServer;
  let id: string;
  beforeAll(async () => {
    server = await startServer();
    id = await createExperiment(server);
  });
  afterAll(() => server.close());

  const raw = async (body: string, headers: Record<string, string> = {}): Promise<RawAnswer> => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.text();
    return { ...(JSON.parse(text) as Answer), status: response.status, text };
  };
  const expectError = (answer: { status: number; errors?: Answer['errors'] }, code: string, words: RegExp) => {
    expect(answer.status).toBeLessThan(500);
    expect(JSON.stringify(answer)).not.toMatch(LEAKS);
    expect(answer.errors?.[0]?.extensions.code).toBe(code);
    expect(answer.errors?.[0]?.message).toMatch(words);
    expect(Object.keys(answer.errors![0]!.extensions)).not.toContain('stacktrace');
  };

  it.each([
    ['{bad', 'BAD_REQUEST', /not JSON/],
    ['', 'BAD_REQUEST', /empty/],
    ['null', 'BAD_REQUEST', /./],
    ['[]', 'BAD_REQUEST', /./],
    ['"text"', 'BAD_REQUEST', /./],
    ['{}', 'BAD_REQUEST', /no keys/],
    ['{"query": 7}', 'BAD_REQUEST', /string/],
    ['{"query": "{ x"}', 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
    ['{"query": "{ nothing }"}', 'GRAPHQL_VALIDATION_FAILED', /nothing/],
    [
      '{"query": "query A { serverInfo { version } } query B { serverInfo { version } }"}',
      'OPERATION_RESOLUTION_FAILURE',
      /./,
    ],
    ['[{"query": "{ serverInfo { version } }"}]', 'BAD_REQUEST', /./],
    ['{"query": "{ serverInfo { version } }", "variables": 7}', 'BAD_REQUEST', /variables/],
    ['{"query": "{ experiment(id: \\"x\\") { id } }"}', 'BAD_USER_INPUT', /24 hexadecimal digits/],
    ['{"query": "{ experiment(id: 7) { id } }"}', 'BAD_USER_INPUT', /24 hexadecimal digits/],
    ['{"query": "{ node(id: \\"000000000000\\") { id } }"}', 'BAD_USER_INPUT', /24 hexadecimal digits/],
    ['{"query": "{ nodes(ids: [\\"x\\"]) { id } }"}', 'BAD_USER_INPUT', /ids\[0\]/],
    ['{"query": "query ($id: ID!) { experiment(id: $id) { id } }"}', 'BAD_USER_INPUT', /\$id/],
    ['{"query": "{ experiments(first: 3000000000) { nodes { id } } }"}', 'GRAPHQL_VALIDATION_FAILED', /32-bit/],
  ])('%s is %s', async (body, code, words) => {
    expectError(await raw(body), code, words);
  });

  it('with another content type, method or path is refused in words', async () => {
    expectError(await raw('{}', { 'content-type': 'text/xml' }), 'BAD_REQUEST', /application\/json/);
    const form = await raw('query=1', { 'content-type': 'application/x-www-form-urlencoded' });
    expectError(form, 'BAD_REQUEST', /application\/json/);
    const nowhere = await fetch(new URL('/nowhere', server.url));
    expect([nowhere.status, ((await nowhere.json()) as Answer).errors![0]!.extensions.code]).toEqual([
      404,
      'NOT_FOUND',
    ]);
    const get = await fetch(
      `${server.url}?query=${encodeURIComponent('mutation { heartbeat(experimentId: "x") { experiment { id } } }')}`,
      {
        headers: { 'apollo-require-preflight': '1' },
      },
    );
    expect(get.status).toBe(405);
  });

  it('with a subscription, a document too deep or too long is refused in words', async () => {
    expectError(await server.query('subscription { experimentChanged { kind } }'), 'BAD_REQUEST', /WebSocket/);
    const nested = (levels: number) =>
      `{ experiments { nodes { ${'parent { '.repeat(levels)} id ${'} '.repeat(levels)} } } }`;
    expectError(await server.query(nested(60)), 'LIMIT_EXCEEDED', /deeper than the limit of 50/);
    expectError(await server.query(nested(3000)), 'LIMIT_EXCEEDED', /deep/);
    expectError(await server.query(nested(20_000)), 'LIMIT_EXCEEDED', /deep/);
    const long = `{ ${Array.from({ length: 4000 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
    expectError(await server.query(long), 'LIMIT_EXCEEDED', /tokens than the limit of 10000/);
    expect(await server.data(nested(40))).toMatchObject({ experiments: { nodes: expect.any(Array) } });
    const cyclic =
      '{ experiments { nodes { ...a } } } fragment a on Experiment { parent { ...b } } fragment b on Experiment { parent { ...a } }';
    expectError(await server.query(cyclic), 'GRAPHQL_VALIDATION_FAILED', /itself/);
  });

  it('over 8 MB is refused with the limit', async () => {
    const answer = await raw(JSON.stringify({ query: '{ serverInfo { version } }', x: 'x'.repeat(9 * 1024 * 1024) }));
    expect(answer.status).toBe(413);
    expectError(answer, 'LIMIT_EXCEEDED', /8388608/);
  });

  it('from a page of another origin or under another host name is refused', async () => {
    expectError(
      await raw('{"query":"{ serverInfo { version } }"}', { origin: 'https://evil.example' }),
      'FORBIDDEN',
      /origin/,
    );
    const local = await raw('{"query":"{ serverInfo { version } }"}', { origin: 'http://localhost:3000' });
    expect(local.data).toBeTruthy();
    const status = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const request = httpRequest(
        { hostname, port, path: '/graphql', headers: { host: 'evil.example' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  describe('of numbers', () => {
    const inline = (value: string) =>
      `mutation { logEpoch(input: {experimentId: "${id}", epoch: 1, metrics: {a: ${value}}}) { epoch { metrics { values } } } }`;

    it.each(['1e999', '-1e999', '"nan"', '"1"', 'true', 'null', '{}', '[1]', 'NaN', '"+Infinity"'])(
      'a metric can not be %s in a document',
      async (value) => {
        expectError(await server.query(inline(value)), 'BAD_USER_INPUT', /NaN|MetricValue/);
      },
    );

    it.each([
      ['3e9', 3e9],
      ['1e308', 1e308],
      ['-0.0', 0],
      ['"NaN"', 'NaN'],
      ['"Infinity"', 'Infinity'],
      ['"-Infinity"', '-Infinity'],
      ['5e-324', 5e-324],
      ['9007199254740993', 9007199254740992],
    ])('a metric can be %s', async (value, expected) => {
      const { data } = await server.query(inline(value));
      expect(data.logEpoch.epoch.metrics.values.a).toBe(expected);
    });

    const withMetrics = (metrics: string) =>
      raw(
        `{"query": ${JSON.stringify(LOG_EPOCH)}, "variables": {"input": {"experimentId": "${id}", "epoch": 2, "metrics": ${metrics}}}}`,
      );

    it("takes Python's bare NaN and Infinity in variables, and names with those words", async () => {
      const { data } = await withMetrics('{"NaN": NaN, "Infinity\\"": -Infinity, "b": Infinity, "c": 1}');
      expect((data as any).logEpoch.outcome).toMatch(/CREATED|REPLACED/);
      const stored = await server.data(`{ experiment(id: "${id}") { epoch(number: 2) { metrics { values } } } }`);
      expect(stored.experiment.epoch.metrics.values).toEqual({
        NaN: 'NaN',
        'Infinity"': '-Infinity',
        b: 'Infinity',
        c: 1,
      });
    });

    it.each([
      '{"a": 1e999}',
      '{"a": "x"}',
      '{"a": null}',
      '{"a": [1]}',
      '{"": 1}',
      '{"a\\u0000": 1}',
      '{"\\ud800": 1}',
      '[]',
      '7',
      'NaN',
    ])('refuses the metrics %s', async (metrics) => {
      expectError(await withMetrics(metrics), 'BAD_USER_INPUT', /metrics|MetricMap/i);
    });

    it.each([
      [{ epoch: -1 }, /input\.epoch.*0 or more/],
      [{ epoch: 1.5 }, /Int/],
      [{ epoch: 2 ** 31 }, /32-bit/],
      [{ epoch: 1, timestamp: '2025-10-20' }, /RFC 3339/],
      [{ epoch: 1, timestamp: '2025-10-20T16:41:00' }, /time zone/],
      [{ epoch: 1, timestamp: '2025-02-30T00:00:00Z' }, /RFC 3339/],
      [{ epoch: 1, timestamp: 1761000000 }, /RFC 3339/],
      [{ epoch: 1, timing: { durationSeconds: -1 } }, /durationSeconds/],
      [{ epoch: 1, timing: { durationSeconds: 'fast' } }, /durationSeconds/],
      [{ epoch: 1, memory: { gpu: 1 } }, /gpu/],
      [{ epoch: 1, surprise: 1 }, /surprise/],
      [{ epoch: 1, onConflict: 'MAYBE' }, /MAYBE/],
    ])('refuses the epoch %j', async (change, words) => {
      const answer = await server.query(LOG_EPOCH, { input: { experimentId: id, metrics: {}, ...change } });
      expectError(answer, 'BAD_USER_INPUT', words);
    });
  });

  describe('of a new experiment', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : { x: deep(levels - 1) });

    it.each([
      ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, /10000 characters/],
      ['an empty name', { name: '' }, /0 characters/],
      ['half a surrogate pair', { name: '\ud800' }, /surrogate/],
      ['an id that is none', { id: 'zz' }, /24 hexadecimal/],
      ['half a surrogate pair in a note', { note: 'a\udfff' }, /surrogate/],
      ['an unsafe integer', { config: { seed: 2 ** 53 } }, /2\^53/],
      ['a known key of another type', { config: { batch_size: '16' } }, /config\.batch_size.*integer/],
      ['a flag that is none', { config: { amp: 1 } }, /config\.amp.*true or false/],
      ['a fractional parameter count', { model: { parameters: 1.5 } }, /model\.parameters/],
      ['releases that are no list', { dataset: { releases: 'R1' } }, /dataset\.releases.*list/],
      ['a key _bsontype', { config: { a: { _bsontype: 'ObjectId' } } }, /_bsontype/],
      ['an empty key', { config: { '': 1 } }, /empty/],
      ['a NUL in a key', { config: { 'a\0b': 1 } }, /NUL/],
      ['nesting of 60', { config: deep(60) }, /nested deeper than 50/],
      ['a list in place of an object', { config: [1] }, /JSONObject/],
      ['text in place of an object', { model: 'EEGNeX' }, /JSONObject/],
      ['300 tags', { tags: Array.from({ length: 300 }, String) }, /300 items/],
      ['an empty tag', { tags: [''] }, /tags\[0\]/],
      ['an end of a running one', { endTime: '2025-01-01T00:00:00Z' }, /RUNNING/],
      [
        'an end before the start',
        { status: 'FAILED', startTime: '2025-01-02T00:00:00Z', endTime: '2025-01-01T00:00:00Z' },
        /before/,
      ],
      ['a challenge of 2^31', { challenge: 2 ** 31 }, /32-bit/],
      ['an unknown status', { status: 'DONE' }, /DONE/],
      ['null as its name', { name: null }, /name/],
    ])('refuses %s and stores nothing', async (_, change, words) => {
      const before = await server.stores.experiments.count();
      expectError(await server.query(CREATE, { input: { name: 'x', ...change } }), 'BAD_USER_INPUT', words);
      expect(await server.stores.experiments.count()).toBe(before);
    });

    it('refuses a key __proto__, which JSON may hold', async () => {
      const body = `{"query": ${JSON.stringify(CREATE)}, "variables": {"input": {"name": "x", "config": {"__proto__": {"a": 1}}}}}`;
      expectError(await raw(body), 'BAD_USER_INPUT', /__proto__/);
      expect(({} as { a?: number }).a).toBeUndefined();
    });

    it('refuses a number past every double, which JSON may hold', async () => {
      const body = `{"query": ${JSON.stringify(CREATE)}, "variables": {"input": {"name": "x", "config": {"rate": 1e400}}}}`;
      expectError(await raw(body), 'BAD_USER_INPUT', /config\.rate/);
    });

    it('takes 3e9 parameters, deep and odd keys, and long text', async () => {
      const input = {
        name: 'n'.repeat(1024),
        model: { parameters: 3e9, 'a.b': { $where: '1', 'é😀': null }, constructor: { prototype: 1 } },
        config: deep(48),
        note: 'x'.repeat(100_000),
      };
      const { createExperiment: payload } = await server.data(
        `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { name note model { parameters all } config { all } } } }`,
        { input },
      );
      expect(payload.experiment).toEqual({
        name: input.name,
        note: input.note,
        model: { parameters: 3e9, all: input.model },
        config: { all: input.config },
      });
    });

    it('takes the same object as a literal', async () => {
      const { createExperiment: payload } = await server.data(
        `mutation ($rate: Float) { createExperiment(input: {name: "x", config: {batch_size: 16, rate: 1e-3, list: [1, "a", null, {b: true}], mode: FAST}}) {
          experiment { config { batchSize all } } } }`.replace('($rate: Float) ', ''),
      );
      expect(payload.experiment.config).toEqual({
        batchSize: 16,
        all: { batch_size: 16, rate: 0.001, list: [1, 'a', null, { b: true }], mode: 'FAST' },
      });
    });
  });

  it.each([
    ['an empty path', { file: { path: '' } }, /file\.path/],
    ['a negative size', { file: { path: 'x', sizeMb: -1 } }, /file\.sizeMb/],
    ['an epoch of -1', { epoch: -1 }, /input\.epoch/],
    ['a step past 2^53', { modelState: { step: 2 ** 53 } }, /SafeInt/],
    ['no file', { file: null }, /file/],
  ])('of a checkpoint: refuses %s', async (_, change, words) => {
    const input = { experimentId: id, epoch: 1, file: { path: 'x' }, ...change };
    expectError(await server.query(SAVE, { input }), 'BAD_USER_INPUT', words);
  });

  it('leaves the server answering', async () => {
    expect(await server.data('{ serverInfo { database } }')).toEqual({ serverInfo: { database: 'MONGODB' } });
    expect(server.log.filter(({ level }) => (level as number) >= 50)).toEqual([]);
    expect(await server.data(`{ experiment(id: "${newId()}") { id } }`)).toEqual({ experiment: null });
  });
});
