import { getIntrospectionQuery } from 'graphql';
import { DEFAULT_LIMITS, LIMIT_SETTINGS, type Limits } from '../../src/limits';
import { FIXED_LIMITS } from '../../src/server';
import { startServer, type TestServer } from '../kit/server';
import { everyTransport, RawSocket, type Answer, type Transport } from './transports';

const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  tokens: 1_000,
  depth: 15,
  fields: 250,
  aliases: 20,
  directives: 10,
  rootFields: 5,
  fragments: 10,
  nodes: 5_000,
};

const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');
const nested = (levels: number, field = 'parent'): string =>
  `${`${field} { `.repeat(levels)} id ${'} '.repeat(levels)}`;

/** For each limit, a document that comes to exactly so much of it. */
const DOCUMENTS: Record<string, (count: number) => { document: string; variables?: Record<string, unknown> }> = {
  // Seventeen of them are around the ids.
  tokens: (count) => ({
    document: `{ experiments(filter: { ids: [${'"a" '.repeat(count - 17)}] }) { totalCount } __typename }`,
  }),
  depth: (count) => ({ document: `{ experiments { nodes { ${nested(count - 3)} } } }` }),
  fields: (count) => ({ document: `{ serverInfo { ${'version '.repeat(count - 1)} } }` }),
  aliases: (count) => ({ document: `{ serverInfo { ${many(count, (i) => `a${i}: version`)} } }` }),
  directives: (count) => ({ document: `{ serverInfo { ${'... @skip(if: false) { version } '.repeat(count)} } }` }),
  rootFields: (count) => ({ document: `{ ${many(count, (i) => `a${i}: __typename`)} }` }),
  fragments: (count) => ({
    document: `{ serverInfo { ${many(count, (i) => `...f${i}`)} } } ${many(count, (i) => `fragment f${i} on ServerInfo { version }`)}`,
  }),
  nodes: (count) => ({
    document:
      'query ($ids: [ID!]!, $first: Int) { nodes(ids: $ids) { id } experiments(first: 10) { nodes { epochs(first: $first) { nodes { id } } } } }',
    variables: { ids: Array.from({ length: count % 10 }, () => 'a'.repeat(24)), first: Math.floor(count / 10) - 1 },
  }),
};

/** The counts that the documents take in the ways that fragments, variables and literals allow. */
const WAYS: [limit: keyof Limits, document: string][] = [
  [
    'aliases',
    `{ ...f ...g } fragment f on Query { serverInfo { ${many(11, (i) => `a${i}: version`)} } } fragment g on Query { serverInfo { ${many(10, (i) => `b${i}: version`)} } }`,
  ],
  // Eleven in a fragment that is spread twice.
  [
    'aliases',
    `{ a: serverInfo { ...f } b: serverInfo { ...f } } fragment f on ServerInfo { ${many(10, (i) => `a${i}: version`)} }`,
  ],
  // Doubles with each of eight fragments.
  [
    'fields',
    `{ ...f0 } ${many(8, (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`)} fragment f8 on Query { __typename }`,
  ],
  [
    'depth',
    `{ experiments { nodes { ...f } } } fragment f on Experiment { ${nested(6)} ...g } fragment g on Experiment { parent { ...h } } fragment h on Experiment { ${nested(12)} }`,
  ],
  ['directives', `query @a @b @c @d @e @f { __typename @g @h @i @j @k }`],
  [
    'rootFields',
    '{ ...f ... { c: __typename } } fragment f on Query { a: __typename b: __typename d: __typename e: __typename g: __typename }',
  ],
  ['nodes', '{ experiments(first: 100) { nodes { epochs(last: 51) { edges { node { id } } } } } }'],
  ['nodes', '{ subjects(first: 1000) { nodes { experiments { nodes { id } } } } }'],
];

const isOver = (answer: Answer, limit: keyof Limits): boolean =>
  answer.errors?.length === 1 &&
  answer.errors[0]!.extensions.code === 'LIMIT_EXCEEDED' &&
  answer.errors[0]!.message.includes(`${LIMITS[limit]} (${LIMIT_SETTINGS[limit].variable})`) &&
  answer.data == null;

describe('the limits of documents', () => {
  let server: TestServer;
  let transports: Transport[];
  beforeAll(async () => {
    server = await startServer({ limits: LIMITS });
    transports = await everyTransport(server.url);
  });
  afterAll(async () => {
    for (const { close } of transports) close();
    await server.close();
  });

  it.each(Object.keys(DOCUMENTS))(
    '%s: at the limit it is served, one past it is refused, by every transport',
    async (name) => {
      const limit = name as keyof Limits;
      const at = DOCUMENTS[limit]!(LIMITS[limit]);
      const past = DOCUMENTS[limit]!(LIMITS[limit] + 1);
      for (const { name: transport, ask } of transports) {
        const served = await ask(at.document, at.variables);
        // An id of nothing may be BAD_USER_INPUT, which the limits are passed for.
        expect([
          transport,
          served.errors?.filter(({ extensions: { code } }) => code !== 'BAD_USER_INPUT') ?? [],
        ]).toEqual([transport, []]);
        const refused = await ask(past.document, past.variables);
        expect([transport, isOver(refused, limit), refused]).toEqual([transport, true, refused]);
        // Once more: nothing that is remembered of a document lets it through.
        expect(isOver(await ask(past.document, past.variables), limit)).toBe(true);
      }
    },
  );

  it.each(WAYS)('%s: %s is past it, by every transport', async (limit, document) => {
    for (const { name, ask } of transports) {
      const answer = await ask(document);
      expect([name, isOver(answer, limit), answer]).toEqual([name, true, answer]);
    }
  });

  it('are in serverInfo, all of them', async () => {
    const { serverInfo } = await server.data('{ serverInfo { limits } }');
    expect(serverInfo.limits).toEqual({ ...LIMITS, ...FIXED_LIMITS, stalledAfterMinutes: 5 });
  });

  it('let the introspection through that GraphiQL and Sandbox send, at their smallest', async () => {
    const smallest = Object.fromEntries(
      Object.entries(LIMIT_SETTINGS).map(([name, { min }]) => [name, min]),
    ) as unknown as Limits;
    const strict = await startServer({ limits: { ...smallest, operationsPerClient: 100, messagesPerSecond: 100 } });
    const { data, errors } = await strict.query(
      getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true }),
    );
    expect(errors).toBeUndefined();
    expect(data.__schema.types.length).toBeGreaterThan(50);
    await strict.close();
  });

  it('do not end what is beside the operation: its socket, subscriptions on it, other clients', async () => {
    const socket = await RawSocket.open(server.url);
    const live = socket.subscribe('subscription { experimentChanged { kind experiment { name } } }');
    await socket.ask('{ serverInfo { version } }');
    for (const [limit, document] of WAYS) expect(isOver(await socket.ask(document), limit)).toBe(true);
    const broken = [
      '{',
      '{ nothing }',
      'query A { __typename } query B { __typename }',
      'subscription { __typename }',
      '',
    ];
    for (const document of broken) expect((await socket.ask(document)).errors).toHaveLength(1);
    await server.data('mutation { createExperiment(input: { name: "beside" }) { outcome } }');
    expect(await socket.answerTo(live)).toEqual({
      data: { experimentChanged: { kind: 'CREATED', experiment: { name: 'beside' } } },
    });
    expect(socket.isOpen).toBe(true);
    socket.close();
  });
});
