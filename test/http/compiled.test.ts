import { ApolloServer } from '@apollo/server';
import { request } from 'node:http';
import { MongoNetworkError } from 'mongodb';
import { createExperiment, seedLaboratory } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { uriOf } from '../kit/database';

interface HttpAnswer {
  status: number | undefined;
  headers: Record<string, unknown>;
  body: string;
}

/** Sends a body as it is; the whole answer but for its date and the ids of errors. */
function send(url: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => {
          const { date: _date, 'x-request-id': _id, ...rest } = answer.headers;
          resolve({ status: answer.statusCode, headers: rest, body: text.replace(/[0-9a-f-]{36}/g, 'an id') });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('over HTTP, compiled execution answers as Apollo Server does', () => {
  let compiled: TestServer;
  let plain: TestServer;
  let id: string;
  beforeAll(async () => {
    compiled = await startServer({ execution: 'compiled' });
    [, id] = (await seedLaboratory(compiled, 4)) as [string, string];
    await createExperiment(compiled, { name: 'Ünï "\u{1F9E0}"\n' });
    plain = await startServer({ execution: 'graphql-js', mongodbUri: uriOf(compiled.stores.database) });
  });
  afterAll(async () => {
    await plain.stop();
    await compiled.close();
  });

  const bothAnswer = async (body: string, headers?: Record<string, string>): Promise<HttpAnswer> => {
    const [one, other] = [await send(compiled.url, body, headers), await send(plain.url, body, headers)];
    expect(one).toEqual(other);
    return one;
  };

  const LIST = `query List($first: Int = 2, $with: Boolean! = true) {
    experiments(first: $first) { totalCount nodes { id name status @include(if: $with) epochs { nodes { epoch timestamp metrics { values } } } } }
  }`;

  test.each([
    ['a list', { query: LIST }],
    ['variables', { query: LIST, variables: { first: 3, with: false } }],
    ['null for no variables', { query: LIST, variables: null, operationName: null, extensions: null }],
    ['a named operation', { query: `${LIST} query Other { serverInfo { version } }`, operationName: 'Other' }],
    ['text beyond ASCII', { query: '{ experiments(first: 1) { nodes { name } } }' }],
    ['nothing found', { query: '{ experiment(id: "0123456789abcdef01234567") { name } }' }],
    ['an abstract type', { query: '{ nodes(ids: []) { id } __typename }' }],
    ['introspection', { query: '{ __type(name: "Epoch") { name } }' }],
    ['a missing operation', { query: LIST, operationName: 'Nothing' }],
    ['a document that is wrong', { query: '{ experiments { nope } }' }],
    ['a document that ends early', { query: '{ experiments {' }],
    ['variables that do not fit', { query: LIST, variables: { first: 'two' } }],
    ['variables that are a list', { query: LIST, variables: [] }],
    ['extensions', { query: LIST, extensions: { any: 1 } }],
    ['an error in a resolver', { query: '{ experiment(id: "no id") { name } }' }],
    ['an error below a list', { query: '{ experiments { nodes { name epochs(first: 0) { nodes { epoch } } } } }' }],
    ['a mutation', { query: 'mutation { deleteExperiment(id: "0123456789abcdef01234567") { id deletedEpochs } }' }],
    ['a mutation that fails', { query: 'mutation { updateExperiment(input: { id: "no id" }) { experiment { id } } }' }],
    [
      'a mutation that fails in part',
      { query: 'mutation { a: deleteSubject(subjectId: "s") { subjectId } b: deleteExperiment(id: "no id") { id } }' },
    ],
    [
      'a mutation of no record',
      { query: 'mutation { heartbeat(experimentId: "0123456789abcdef01234567") { experiment { id } } }' },
    ],
    [
      'a mutation with variables that do not fit',
      { query: 'mutation ($id: ID!) { deleteExperiment(id: $id) { id } }', variables: { id: { a: 1 } } },
    ],
    ['a mutation without its variable', { query: 'mutation ($id: ID!) { deleteExperiment(id: $id) { id } }' }],
    ['a subscription', { query: 'subscription { experimentChanged { kind } }' }],
    ['no query', { variables: {} }],
    ['a list of operations', [{ query: LIST }]],
  ])('%s', async (_what, body) => {
    await bothAnswer(JSON.stringify(body));
  });

  test.each([
    '*/*',
    'application/json',
    'application/json, */*',
    'application/json, text/plain, */*',
    'application/json, multipart/mixed',
    'application/graphql-response+json',
    'application/graphql-response+json, application/json',
    'application/graphql-response+json, application/json;q=0.9',
    'application/graphql-response+json,application/json;q=0.9',
    'application/json;q=0.1, application/graphql-response+json',
    'text/html',
    '',
  ])('a client that accepts %p', async (accept) => {
    await bothAnswer(JSON.stringify({ query: LIST }), { accept });
    await bothAnswer(JSON.stringify({ query: 'mutation { deleteExperiment(id: "no id") { id } }' }), { accept });
  });

  test.each(['application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'APPLICATION/JSON'])(
    'a body of type %p',
    async (type) => {
      await bothAnswer(JSON.stringify({ query: LIST }), { 'content-type': type });
    },
  );

  test('a plain query or a mutation is not run by Apollo Server, a query with an error is', async () => {
    const apollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
    const answer = await send(compiled.url, JSON.stringify({ query: `{ experiment(id: "${id}") { name } }` }));
    expect(apollo).not.toHaveBeenCalled();
    expect(answer).toMatchObject({ status: 200, body: '{"data":{"experiment":{"name":"run 1"}}}\n' });
    await send(compiled.url, JSON.stringify({ query: '{ experiment(id: "no id") { name } }' }));
    expect(apollo).toHaveBeenCalledTimes(1);
    const mutation = 'mutation { deleteSubject(subjectId: "nobody") { subjectId } }';
    expect((await send(compiled.url, JSON.stringify({ query: mutation }))).status).toBe(200);
    expect(apollo).toHaveBeenCalledTimes(1);
    apollo.mockRestore();
  });

  test('a database that does not answer is asked once', async () => {
    const apollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
    const away = jest
      .spyOn(compiled.stores.experiments, 'byIds')
      .mockRejectedValue(new MongoNetworkError('connection 1 to db.internal:27017 closed'));
    const { status, body } = await send(
      compiled.url,
      JSON.stringify({ query: `{ experiment(id: "${id}") { name } }` }),
    );
    expect(away).toHaveBeenCalledTimes(1);
    expect(apollo).not.toHaveBeenCalled();
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      errors: [
        { message: expect.stringContaining('does not answer now'), extensions: { code: 'DATABASE_UNAVAILABLE' } },
      ],
      data: null,
    });
    jest.restoreAllMocks();
  });
});
