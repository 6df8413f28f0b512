/** Mercurius on Fastify; with the argument "jit", operations are compiled by graphql-jit from their first run on. */
import { fastify } from 'fastify';
import mercurius from 'mercurius';
import { announce, openServed } from './served';

async function main(): Promise<void> {
  const { schema, createContext } = await openServed();
  const app = fastify({ bodyLimit: 8 * 1024 * 1024 });
  await app.register(mercurius, {
    schema,
    context: () => createContext() as object,
    graphiql: false,
    ...(process.argv.includes('jit') ? { jit: 1 } : {}),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  announce(app.server, '/graphql');
}

void main();
