import type { Server } from 'node:http';
import {
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { ContextFactory } from '../context';
import { depthRule, PARSE_OPTIONS } from '../execution/document-limits';
import type { ClientErrors } from '../execution/client-errors';
import { subscribe } from '../execution/subscribe';
import { checkVariables } from '../execution/variable-limits';
import { GRAPHQL_PATH } from './graphql';
import { faultOfOrigin } from './origins';

/** Serves graphql-transport-ws on the same path as HTTP; resolves to what ends it, telling clients to come back. */
export function serveWebSocket(
  server: Server,
  parts: { schema: GraphQLSchema; createContext: ContextFactory; clientErrors: ClientErrors; maxBytes: number },
): () => Promise<void> {
  const { schema, createContext, clientErrors } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: parts.maxBytes,
    handleProtocols: (protocols) =>
      protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false,
  });
  server.on('upgrade', (request, socket, head) => {
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== GRAPHQL_PATH) return void refuse('404 Not Found');
    if (faultOfOrigin(request.headers)) return void refuse('403 Forbidden');
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
  });
  const disposable = useServer(
    {
      onSubscribe: (_context, _id, payload) => prepare(schema, payload),
      execute: (args) => execute({ ...args, contextValue: createContext() }),
      subscribe: (args) => subscribe(args, createContext),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors && { data: result.data ?? null, errors: result.errors.map(clientErrors) },
      onError: (_context, _id, _payload, errors) => errors.map(clientErrors),
      isProd: true,
    },
    sockets,
  );
  return async () => disposable.dispose();
}

/** The checked operation of a message, or what is wrong with it: never a throw, which would end the whole socket. */
function prepare(
  schema: GraphQLSchema,
  payload: {
    query: string;
    operationName?: string | null | undefined;
    variables?: Record<string, unknown> | null | undefined;
  },
): ExecutionArgs | readonly GraphQLError[] {
  let document;
  try {
    document = parse(payload.query, PARSE_OPTIONS);
  } catch (error) {
    const { nodes, source, positions } = error as Partial<GraphQLError>;
    return [
      new GraphQLError((error as Error).message, {
        nodes: nodes ?? null,
        source: source ?? null,
        positions: positions ?? null,
        originalError: error as Error,
        extensions: { code: 'GRAPHQL_PARSE_FAILED' },
      }),
    ];
  }
  const errors = validate(schema, document, [...specifiedRules, depthRule]);
  if (errors.length > 0) {
    return errors.map(
      (error) =>
        new GraphQLError(error.message, {
          nodes: error.nodes ?? null,
          originalError: error,
          extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...error.extensions },
        }),
    );
  }
  const operation = getOperationAST(document, payload.operationName);
  try {
    if (operation) checkVariables(schema, operation, payload.variables);
  } catch (error) {
    return [error as GraphQLError];
  }
  return { schema, document, operationName: payload.operationName, variableValues: payload.variables };
}
