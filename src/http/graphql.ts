import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { Context, ContextFactory } from '../context';
import type { ClientErrors } from '../execution/client-errors';
import type { Documents } from '../execution/documents';
import type { InTime } from '../execution/in-time';
import type { Operations } from '../execution/operations';
import type { Log } from '../log';
import type { Admissions } from './admission';
import type { AnswerCompiled } from './compiled';
import { COMPRESSED } from './compression';
import { documentPlugin } from './document-plugin';

export const GRAPHQL_PATH = '/graphql';

const SUBSCRIPTIONS_AT = `Subscriptions are served over WebSocket at ${GRAPHQL_PATH}, in the subprotocol graphql-transport-ws, and as Server-Sent Events at ${GRAPHQL_PATH}/stream.`;

/** Tells the log and the metrics of each operation. */
function recordOperations(operations: Operations): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      const running = operations('http');
      return {
        async didResolveOperation({ operation, contextValue }) {
          running.identify(operation, contextValue.viewer.name);
        },
        async willSendResponse({ response: { body } }) {
          running.end(body.kind === 'single' ? body.singleResult.errors : undefined);
        },
      };
    },
  };
}

export interface GraphQLParts {
  schema: GraphQLSchema;
  documents: Documents;
  createContext: ContextFactory;
  clientErrors: ClientErrors;
  operations: Operations;
  inTime: InTime;
  admissions: Admissions;
  log: Log;
  /** Answers what it can before Apollo Server is asked; undefined where all is for Apollo Server. */
  answerCompiled: AnswerCompiled | undefined;
}

/** Puts the GraphQL endpoint on the HTTP server; resolves to what ends it. */
export async function serveGraphQL(app: FastifyInstance, parts: GraphQLParts): Promise<() => Promise<void>> {
  const apollo = new ApolloServer<Context>({
    schema: parts.schema,
    formatError: (formatted, error) =>
      parts.clientErrors(
        error instanceof GraphQLError
          ? error
          : new GraphQLError(formatted.message, { extensions: formatted.extensions ?? null }),
      ),
    includeStacktraceInErrorResponses: false,
    // What documents may hold is for `documents` to say, which has read them before Apollo Server would: see documentPlugin.
    introspection: true,
    documentStore: null,
    dangerouslyDisableValidation: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    // Its wrapper around every resolver costs a third of a large answer's time.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      // In this order: what is recorded is what the client gets.
      documentPlugin(parts.documents, parts.clientErrors, SUBSCRIPTIONS_AT),
      recordOperations(parts.operations),
    ],
    logger: parts.log,
  });
  await apollo.start();
  const handle = fastifyApolloHandler(apollo, {
    context: async ({ viewer }) => parts.createContext(viewer),
  });
  const { answerCompiled } = parts;
  app.route({
    url: GRAPHQL_PATH,
    method: ['GET', 'POST', 'OPTIONS'],
    compress: COMPRESSED,
    onRequest: parts.admissions.everyOperation,
    handler: (request, reply) =>
      parts.inTime(OperationTypeNode.QUERY, async () => {
        if (answerCompiled && (await answerCompiled(request, reply))) return reply;
        return handle.call(app, request, reply);
      }),
  });
  return () => apollo.stop();
}
