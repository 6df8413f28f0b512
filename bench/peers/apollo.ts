/** Apollo Server on Express, as its documentation sets it up: every plugin that is on by default stays on. */
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import type { Context } from '../../src/context';
import { announce, openServed } from './served';

async function main(): Promise<void> {
  const { schema, createContext } = await openServed();
  const apollo = new ApolloServer<Context>({ schema });
  await apollo.start();
  const app = express();
  app.use(
    '/graphql',
    express.json({ limit: '8mb' }),
    expressMiddleware(apollo, { context: async () => createContext() }),
  );
  const server = createServer(app);
  server.listen(0, '127.0.0.1', () => announce(server, '/graphql'));
}

void main();
