import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';

/**
 * Every code that `extensions.code` may hold, with what it means to a client. docs/errors.md lists the same ones; a test
 * holds the two together.
 */
export const ERROR_CODES = {
  BAD_USER_INPUT: 'A value of the call is wrong. The message says which, why, and what would be right. Do not retry.',
  NOT_FOUND: 'The record that the call is about does not exist. Nothing was written.',
  CONFLICT: 'What is stored does not allow the call. Nothing was written.',
  UNAUTHENTICATED: 'The server asks for a token, and none was sent, or one that lets nobody in. Nothing was written.',
  FORBIDDEN:
    'The role of the token does not allow it, or the request comes from a page or under a host name that is not served.',
  RESYNC_REQUIRED: 'A subscription could not be continued without a gap. Query again, then subscribe without `after`.',
  LIMIT_EXCEEDED: 'The request is larger than the server takes. The message names the limit.',
  TIMED_OUT: 'The operation took longer than the server allows. Nothing was written. Ask for less, or retry later.',
  DATABASE_UNAVAILABLE: 'The database did not answer. Retry later; a repeated write is stored once.',
  INTERNAL_SERVER_ERROR: 'A fault of the server. `extensions.errorId` is in its log.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document asks for something that the schema does not have.',
  OPERATION_RESOLUTION_FAILURE: 'The document has no operation, or several and none was named.',
  BAD_REQUEST: 'The HTTP request is not a GraphQL request.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that a client may read as it is: its message holds nothing but what the client sent or may know. */
export class ApiError extends GraphQLError {
  constructor(
    readonly code: ErrorCode,
    message: string,
    extensions: GraphQLErrorExtensions = {},
  ) {
    super(message, { extensions: { code, ...extensions } });
  }
}

/** BAD_USER_INPUT about the value at `path`, a dotted path from the argument, such as `input.config.batch_size`. */
export function badInput(path: string, problem: string): ApiError {
  return new ApiError('BAD_USER_INPUT', `${path}: ${problem}`, { argument: path });
}

/** NOT_FOUND about a record named as `Experiment 6712…`. */
export function notFound(kind: string, id: string): ApiError {
  return new ApiError('NOT_FOUND', `${kind} ${id} does not exist.`);
}

/** CONFLICT with a sentence that says what is stored and what would be allowed. */
export function conflict(message: string): ApiError {
  return new ApiError('CONFLICT', message);
}

/** DATABASE_UNAVAILABLE: the outcome of a write is unknown, and repeating it is safe. */
export function databaseUnavailable(): ApiError {
  const message = 'The database does not answer now. Retry later; a repeated write is stored once.';
  return new ApiError('DATABASE_UNAVAILABLE', message);
}

/** A failure that ends the process before it serves; the message is written for the person who started it. */
export class StartupError extends Error {}
