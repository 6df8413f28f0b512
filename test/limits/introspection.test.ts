import { getIntrospectionQuery } from 'graphql';
import { Role } from '../../types/enums/Role';
import { startGuardedServer, TRANSPORTS, type GuardedServer } from '../kit/guarded';

const DOCUMENTS = [
  getIntrospectionQuery(),
  '{ __type(name: "Query") { name } }',
  '{ serverInfo { version } a: __schema { queryType { name } } }',
  '{ ...f } fragment f on Query { ... on Query { ... { __type(name: "Epoch") { name } } } }',
  'query A { __typename } query B { __schema { queryType { name } } }',
];

describe.each([true, false])('the schema, asked for in production: %s', (production) => {
  let server: GuardedServer;
  beforeAll(async () => {
    server = await startGuardedServer({ production });
  });
  afterAll(() => server.close());

  it.each(Object.keys(TRANSPORTS))('is shown to ADMIN, and to others in development alone, over %s', async (name) => {
    const send = TRANSPORTS[name]!;
    for (const document of DOCUMENTS) {
      if (document.startsWith('query A')) continue;
      // Twice, with an ADMIN between: what is remembered of a document is not whom it may be shown to.
      for (const role of [Role.READER, Role.ADMIN, Role.TRAINER, Role.ADMIN, Role.READER]) {
        const { data, errors } = await send(server.url, document, {}, server.tokens[role]);
        if (production && role !== Role.ADMIN) {
          expect(data ?? null).toBeNull();
          expect(errors).toEqual([{ message: expect.stringContaining('ADMIN'), extensions: { code: 'FORBIDDEN' } }]);
        } else {
          expect(errors).toBeUndefined();
          expect(JSON.stringify(data)).toContain('"name"');
        }
      }
    }
    const { data } = await send(server.url, '{ __typename serverInfo { __typename } }', {}, server.tokens[Role.READER]);
    expect(data).toEqual({ __typename: 'Query', serverInfo: { __typename: 'ServerInfo' } });
  });

  it('is not told by suggestions either', async () => {
    const { errors } = await TRANSPORTS.HTTP!(server.url, '{ serverInf { version } }', {}, server.tokens[Role.READER]);
    expect(errors![0]!.message.includes('Did you mean "serverInfo"?')).toBe(!production);
  });

  it('is refused with 403 over HTTP', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.tokens[Role.READER]}` },
      body: JSON.stringify({ query: DOCUMENTS.at(-1), operationName: 'B' }),
    });
    expect(response.status).toBe(production ? 403 : 200);
  });
});
