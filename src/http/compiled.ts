import type { FastifyReply, FastifyRequest } from 'fastify';
import { execute, OperationTypeNode, type GraphQLFormattedError } from 'graphql';
import { NOBODY } from '../auth/viewer';
import type { ContextFactory } from '../context';
import type { ClientErrors } from '../execution/client-errors';
import type { Compiled } from '../execution/compiled';
import { isKnownAs } from '../execution/in-time';
import { operationOf, type Operations } from '../execution/operations';
import type { OperationRequest, Prepare } from '../execution/prepare';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Bytes below which an answer is sent as text. */
const SHORT = 16_384;
const RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8';

/**
 * The content type of the answer by what the client accepts, for the headers that clients send. Apollo Server decides
 * the same; the others are left to it.
 */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '*/*': JSON_TYPE,
  'application/json': JSON_TYPE,
  'application/json, */*': JSON_TYPE,
  'application/json, text/plain, */*': JSON_TYPE,
  'application/json, multipart/mixed': JSON_TYPE,
  'application/graphql-response+json': RESPONSE_TYPE,
  'application/graphql-response+json, application/json': RESPONSE_TYPE,
  'application/graphql-response+json, application/json;q=0.9': RESPONSE_TYPE,
  'application/graphql-response+json,application/json;q=0.9': RESPONSE_TYPE,
};

/** Answers a request, where it is one for compiled execution; false where it is for Apollo Server, from the beginning. */
export type AnswerCompiled = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

/**
 * Answers plain queries over POST by compiled execution, and mutations by graphql-js, with the status, headers and bytes
 * of Apollo Server's answer. (But for queries whose database is away: their one error has no path.)
 */
export function createAnswerCompiled(parts: {
  compiled: Compiled;
  prepare: Prepare;
  createContext: ContextFactory;
  operations: Operations;
  clientErrors: ClientErrors;
}): AnswerCompiled {
  return async (request, reply) => {
    const { method, headers, body } = request;
    const contentType = headers.accept === undefined ? JSON_TYPE : CONTENT_TYPES[headers.accept];
    if (method !== 'POST' || !contentType || !isOperation(body)) return false;
    const running = parts.operations('http');
    const { viewer } = request;
    const args = parts.prepare(body, viewer ?? NOBODY);
    if (!('document' in args)) return false;
    const operation = operationOf(args.document, args.operationName);
    const run = { ...args, contextValue: parts.createContext(viewer) };
    const send = (answer: string | Buffer, errors?: readonly GraphQLFormattedError[]): true => {
      running.identify(operation, viewer?.name ?? null);
      running.end(errors);
      void reply.header('content-type', contentType).send(answer);
      return true;
    };
    const sendResult = (data: unknown, failures: readonly unknown[] | undefined): true => {
      const errors = failures?.map(parts.clientErrors);
      return send(`${JSON.stringify({ ...(errors ? { errors } : {}), data })}\n`, errors);
    };
    if (operation?.operation === OperationTypeNode.MUTATION) {
      isKnownAs(OperationTypeNode.MUTATION);
      const { data, errors } = await execute(run);
      // Variables that do not fit: nothing has run, and Apollo Server says so.
      return data === undefined ? false : sendResult(data, errors);
    }
    let answer;
    try {
      answer = await parts.compiled(run, '\n');
    } catch (error) {
      return sendResult(null, [error]);
    }
    // What is left to Apollo Server is told of there.
    if (!answer) return false;
    // Node sends the head and a text as one piece, but the head and bytes as two.
    return send(answer.length < SHORT ? answer.toString() : answer);
  };
}

/** Whether a body is an operation and nothing but that: what is wrong with another one is for Apollo Server to say. */
function isOperation(body: unknown): body is OperationRequest {
  if (!isRecord(body)) return false;
  const { query, operationName, variables, extensions } = body;
  return (
    typeof query === 'string' &&
    query !== '' &&
    (operationName == null || typeof operationName === 'string') &&
    (variables == null || isRecord(variables)) &&
    extensions == null
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
