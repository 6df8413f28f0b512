import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { Admit } from '../auth/viewer';
import type { Context, ContextFactory } from '../context';
import { ApiError } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import { depthRule, PARSE_OPTIONS } from '../execution/document-limits';
import type { Operations } from '../execution/operations';
import { checkVariables } from '../execution/variable-limits';
import type { Log } from '../log';
import type { AnswerCompiled } from './compiled';

export const GRAPHQL_PATH = '/graphql';

/** HTTP has one answer; graphql-js would run a subscription as if it were a query, and fail on it. */
const refuseSubscriptions: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation }) {
        if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
        const message = `Subscriptions are served over WebSocket at ${GRAPHQL_PATH}, in the subprotocol graphql-transport-ws, and as Server-Sent Events at ${GRAPHQL_PATH}/stream.`;
        throw new ApiError('BAD_REQUEST', message, { http: { status: 400 } });
      },
    };
  },
};

/** Variables that are too many are refused before anything reads them. */
const limitVariables: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, operation, request }) {
        if (operation) checkVariables(schema, operation, request.variables);
      },
    };
  },
};

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
  createContext: ContextFactory;
  clientErrors: ClientErrors;
  operations: Operations;
  admit: Admit;
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
    introspection: true,
    persistedQueries: false,
    parseOptions: PARSE_OPTIONS,
    validationRules: [depthRule],
    stopOnTerminationSignals: false,
    // Its wrapper around every resolver costs a third of a large answer's time.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      recordOperations(parts.operations),
      refuseSubscriptions,
      limitVariables,
    ],
    logger: parts.log,
  });
  await apollo.start();
  const handle = fastifyApolloHandler(apollo, {
    context: async ({ headers: { authorization } }) => parts.createContext(await parts.admit({ authorization })),
  });
  const { answerCompiled } = parts;
  app.route({
    url: GRAPHQL_PATH,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: async (request, reply) => {
      if (answerCompiled && (await answerCompiled(request, reply))) return reply;
      return handle.call(app, request, reply);
    },
  });
  return () => apollo.stop();
}
