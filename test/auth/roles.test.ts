import { GraphQLObjectType, GraphQLSchema, GraphQLString, type GraphQLField } from 'graphql';
import { enforceRoles, mayDo, roleOf } from '../../src/auth/roles';
import { createSchema } from '../../src/schema';
import { API_TOKENS } from '../../src/stores/tokens';
import { Role } from '../../types/enums/Role';
import { CASES, MUTATIONS, type Arena, type MutationCase } from '../faults/cases';
import { readAll } from '../faults/stored';
import { startGuardedServer, TRANSPORTS, type GuardedServer } from '../kit/guarded';

const ROLES = Object.values(Role);

const schema = createSchema();
const rootFields = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!].flatMap((type) =>
  Object.values(type.getFields()).map((field): [string, GraphQLField<unknown, unknown>] => [
    `${type.name}.${field.name}`,
    field,
  ]),
);

/** What the contract and docs/security.md promise: reading to all, writing to trainers, this to nobody but an ADMIN. */
const FOR_ADMINS = [
  'Query.apiTokens',
  'Mutation.createApiToken',
  'Mutation.revokeApiToken',
  'Mutation.deleteExperiment',
  'Mutation.deleteCheckpoint',
  'Mutation.deleteSubject',
  'Mutation.failStalledExperiments',
];

describe('the schema', () => {
  it.each(rootFields)('%s declares who may ask for it', (name, field) => {
    const expected = FOR_ADMINS.includes(name) ? Role.ADMIN : name.startsWith('Mutation.') ? Role.TRAINER : Role.READER;
    expect(roleOf(field)).toBe(expected);
    if (expected === Role.READER) expect(field.description).not.toContain('Needs the role');
    else expect(field.description).toContain(`Needs the role ${expected}.`);
  });

  it('can not be built with a root field that declares no role', () => {
    const query = new GraphQLObjectType({ name: 'Query', fields: { open: { type: GraphQLString } } });
    expect(() => enforceRoles(new GraphQLSchema({ query }))).toThrow('Query.open declares no role');
  });
});

/** Tokens are no records: a call that makes or removes one is never a repetition of another. */
const TOKEN_CASES: Record<string, Pick<MutationCase, 'document'> & { prepare: MutationCase['prepare'] }> = {
  createApiToken: {
    document: 'mutation ($name: String!) { createApiToken(name: $name, role: ADMIN) { apiToken { id } } }',
    prepare: async () => ({ variables: { name: 'escalated' }, first: {}, repeated: {}, faults: () => [] }),
  },
  revokeApiToken: {
    document: 'mutation ($id: ID!) { revokeApiToken(id: $id) { id } }',
    prepare: async ({ send }) => {
      const { createApiToken } = await send(
        'mutation { createApiToken(name: "victim", role: READER) { apiToken { id } } }',
        {},
      );
      return { variables: { id: createApiToken.apiToken.id }, first: {}, repeated: {}, faults: () => [] };
    },
  },
};
const ALL_CASES = { ...CASES, ...TOKEN_CASES };

describe('every mutation over every transport', () => {
  let server: GuardedServer;
  let arena: Arena;
  beforeAll(async () => {
    server = await startGuardedServer();
    arena = { send: server.asAdmin, db: server.stores.database.db };
  });
  afterAll(() => server.close());

  /** Everything that is stored, tokens among it, but for when they were used. */
  const stored = async () => ({
    ...(await readAll(arena.db)),
    tokens: (await arena.db.collection(API_TOKENS).find().sort({ _id: 1 }).toArray()).map(
      ({ last_used_at: _used, ...token }) => token,
    ),
  });

  it('has a case here', () => {
    expect(Object.keys(ALL_CASES).sort()).toEqual(Object.keys(schema.getMutationType()!.getFields()).sort());
    expect(MUTATIONS.length).toBeGreaterThan(10);
  });

  describe.each(Object.entries(TRANSPORTS))('%s', (_, send) => {
    it.each(Object.keys(ALL_CASES))('%s is for those whose role allows it, and else writes nothing', async (name) => {
      const needed = roleOf(schema.getMutationType()!.getFields()[name]!)!;
      const { document, prepare } = ALL_CASES[name]!;
      for (const role of ROLES) {
        const { variables } = await prepare(arena);
        const before = await stored();
        const { data, errors } = await send(server.url, document, variables, server.tokens[role]);
        if (mayDo(role, needed)) {
          expect([role, errors]).toEqual([role, undefined]);
          expect(data?.[name]).toBeTruthy();
        } else {
          expect([role, errors?.map(({ extensions }) => extensions.code)]).toEqual([role, ['FORBIDDEN']]);
          expect(errors![0]!.message).toBe(`${name} needs the role ${needed}; the token "of a test" has ${role}.`);
          expect(data?.[name]).toBeUndefined();
          expect(await stored()).toEqual(before);
        }
      }
    });

    it.each(Object.keys(ALL_CASES))('%s is not for those without a token', async (name) => {
      const { document, prepare } = ALL_CASES[name]!;
      const { variables } = await prepare(arena);
      const before = await stored();
      for (const token of [undefined, 'egt_wrong', `egt_${'0'.repeat(24)}_${'A'.repeat(43)}`]) {
        const outcome = await send(server.url, document, variables, token).then(
          ({ data, errors }) => ({ data, code: errors?.[0]?.extensions.code }),
          // The WebSocket is closed, the stream is refused.
          () => ({ data: undefined, code: 'UNAUTHENTICATED' }),
        );
        expect(outcome.data ?? undefined).toBeUndefined();
        expect(outcome.code).toBe('UNAUTHENTICATED');
      }
      expect(await stored()).toEqual(before);
    });

    it('hides no mutation from that behind aliases, fragments and directives', async () => {
      const { variables } = await CASES.deleteExperiment!.prepare(arena);
      const before = await stored();
      for (const selection of [
        'a: deleteExperiment(id: $id) { id }',
        '...F',
        '... on Mutation { x: deleteExperiment(id: $id) { id } }',
        'deleteExperiment(id: $id) @include(if: true) { id }',
        '__typename ...F @skip(if: false)',
      ]) {
        const document = `mutation ($id: ID!) { ${selection} } ${
          selection.includes('...F') ? 'fragment F on Mutation { deleteExperiment(id: $id) { id } }' : ''
        }`;
        for (const role of [Role.READER, Role.TRAINER]) {
          const { errors } = await send(server.url, document, variables, server.tokens[role]);
          expect([selection, errors?.[0]?.extensions.code]).toEqual([selection, 'FORBIDDEN']);
        }
      }
      expect(await stored()).toEqual(before);
    });

    it('lets a READER read and subscribe', async () => {
      const token = server.tokens.READER;
      const { data } = await send(server.url, '{ viewer { name role } }', {}, token);
      expect(data.viewer).toEqual({ name: 'of a test', role: 'READER' });
      const denied = await send(server.url, '{ apiTokens { id } }', {}, token);
      expect(denied.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      const allowed = await send(server.url, '{ apiTokens { name role } }', {}, server.tokens.ADMIN);
      expect(allowed.data.apiTokens).toContainEqual({ name: 'of a test', role: 'READER' });
    });
  });

  it.each(['WebSocket', 'Server-Sent Events'])('follows its own role over %s event by event', async (transport) => {
    const subscription = 'subscription { leaderboard(challenge: 77) { id } }';
    const { data } = await TRANSPORTS[transport]!(server.url, subscription, {}, server.tokens.READER);
    expect(data).toEqual({ leaderboard: [] });
  });
});
