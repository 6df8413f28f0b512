import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { Context, ContextFactory } from '../context';
import type { ClientErrors } from '../execution/client-errors';
import type { Log } from '../log';

export const GRAPHQL_PATH = '/graphql';

/** Puts the GraphQL endpoint on the HTTP server; resolves to what ends it. */
export async function serveGraphQL(
  app: FastifyInstance,
  parts: { schema: GraphQLSchema; createContext: ContextFactory; clientErrors: ClientErrors; log: Log },
): Promise<() => Promise<void>> {
  const apollo = new ApolloServer<Context>({
    schema: parts.schema,
    formatError: (formatted, error) =>
      parts.clientErrors(
        error instanceof GraphQLError
          ? error
          : new GraphQLError(formatted.message, { extensions: formatted.extensions ?? null }),
      ),
    includeStacktraceInErrorResponses: false,
    introspection: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    // Its wrapper around every resolver costs a third of a large answer's time.
    plugins: [ApolloServerPluginCacheControlDisabled()],
    logger: parts.log,
  });
  await apollo.start();
  app.route({
    url: GRAPHQL_PATH,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: fastifyApolloHandler(apollo, { context: async () => parts.createContext() }),
  });
  return () => apollo.stop();
}
