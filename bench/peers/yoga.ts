/** graphql-yoga on node:http, with its own caches of documents, as it comes. */
import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { announce, openServed } from './served';

async function main(): Promise<void> {
  const { schema, createContext } = await openServed();
  const yoga = createYoga({ schema, context: () => createContext(), graphiql: false, landingPage: false });
  const server = createServer((request, response) => void yoga(request, response));
  server.listen(0, '127.0.0.1', () => announce(server, '/graphql'));
}

void main();
