import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { serverAudits, type AuditResult } from 'graphql-http';
import { startServer, type TestServer } from '../kit/server';

/**
 * The audits of the GraphQL over HTTP specification by the package graphql-http. What they warn of is held against a bare
 * Apollo Server of the same version, which does without three of the things that the specification recommends.
 */
async function audit(url: string): Promise<AuditResult[]> {
  const results: AuditResult[] = [];
  // One after another: each may be answered on the connection of the one before it.
  for (const one of serverAudits({ url, fetchFn: fetch })) results.push(await one.fn());
  return results;
}

function of(results: readonly AuditResult[], status: AuditResult['status']): string[] {
  return results.filter((result) => result.status === status).map(({ id, name }) => `${id} ${name}`);
}

describe('the audits of GraphQL over HTTP', () => {
  let server: TestServer;
  let bare: ApolloServer;
  let ours: AuditResult[];
  let apollos: AuditResult[];
  beforeAll(async () => {
    server = await startServer();
    bare = new ApolloServer({ typeDefs: 'type Query { a: Int }' });
    const { url } = await startStandaloneServer(bare, { listen: { port: 0, host: '127.0.0.1' } });
    ours = await audit(server.url);
    apollos = await audit(url);
  });
  afterAll(async () => {
    await bare.stop();
    await server.close();
  });

  it('find no error', () => {
    expect(ours.length).toBeGreaterThan(50);
    expect(of(ours, 'error')).toEqual([]);
  });

  it("warn of no more than of a bare Apollo Server's three", () => {
    const warnings = of(ours, 'warn');
    const usual = of(apollos, 'warn');
    expect(usual.length).toBe(3);
    expect(warnings.filter((warning) => !usual.includes(warning))).toEqual([]);
  });

  it('pass as many as of a bare Apollo Server', () => {
    expect(of(ours, 'ok').length).toBeGreaterThanOrEqual(of(apollos, 'ok').length);
  });
});
