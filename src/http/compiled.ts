import type { FastifyReply, FastifyRequest } from 'fastify';
import { execute, OperationTypeNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
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
 * of Apollo Server's answer.
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
    if (operation?.operation === OperationTypeNode.MUTATION) {
      isKnownAs(OperationTypeNode.MUTATION);
      const result = await mutate({ ...args, contextValue: parts.createContext(viewer) });
      if (!result) return false;
      const errors = result.errors?.map(parts.clientErrors);
      running.identify(operation, viewer?.name ?? null);
      running.end(errors);
      const answer = JSON.stringify({ ...(errors ? { errors } : {}), data: result.data });
      void reply.header('content-type', contentType).send(`${answer}\n`);
      return true;
    }
    const answer = await parts.compiled({ ...args, contextValue: parts.createContext(viewer) }, '\n');
    // What is left to Apollo Server is told of there.
    if (!answer) return false;
    running.identify(operation, viewer?.name ?? null);
    running.end(undefined);
    // Node sends the head and a text as one piece, but the head and bytes as two.
    void reply.header('content-type', contentType).send(answer.length < SHORT ? answer.toString() : answer);
    return true;
  };
}

/** Runs a mutation; undefined where it can't begin, such as for variables that do not fit: nothing has run then. */
async function mutate(args: ExecutionArgs): Promise<ExecutionResult | undefined> {
  const result = await execute(args);
  return result.data === undefined ? undefined : result;
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
