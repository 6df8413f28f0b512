import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ApiError, databaseUnavailable, ERROR_CODES, type ErrorCode } from '../errors';
import type { Log } from '../log';
import { isDatabaseUnavailable } from '../stores/failures';

/** Turns whatever went wrong into what a client may see; the rest goes to the log. */
export type ClientErrors = (error: unknown) => GraphQLFormattedError;

function isKnownCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

/** Whether the stack ran out: graphql-js parses and validates by recursion, one call for each level of the document. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** The error that was thrown, behind those that graphql-js and Apollo Server wrapped around it. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && !(cause instanceof ApiError) && cause.originalError)
    cause = cause.originalError;
  return cause;
}

const LONGEST_MESSAGE = 1_000;

/** A text without its middle, where it is longer than both ends together. */
function ends(text: string, first: number, last: number): string {
  return text.length <= first + last ? text : `${text.slice(0, first)} … ${text.slice(-last)}`;
}

/**
 * A message of graphql-js, which repeats the client's value whole and more than once, with long ones cut: which variable,
 * then the place and the reason, which stand behind the value.
 */
function brief(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const reason = message.lastIndexOf('; ');
  return ends(message.slice(0, Math.max(reason, 0)), 200, 200) + ends(message.slice(Math.max(reason, 0)), 250, 200);
}

/**
 * The formatter of every transport. An ApiError and graphql-js's own complaints about the request pass with their
 * message; a database that does not answer becomes DATABASE_UNAVAILABLE; anything else becomes INTERNAL_SERVER_ERROR
 * with an id, and the log has the error under that id.
 */
export function createClientErrors(log: Log): ClientErrors {
  const formatted = new WeakMap<object, GraphQLFormattedError>();
  // What is formatted twice, or reaches several clients, has one id and one line in the log.
  return (error) => {
    if (typeof error !== 'object' || error === null) return format(log, error);
    const known = formatted.get(error) ?? format(log, error);
    formatted.set(error, known);
    return known;
  };
}

function format(log: Log, error: unknown): GraphQLFormattedError {
  const cause = causeOf(error);
  const graphql = error instanceof GraphQLError ? error : undefined;
  const place = {
    ...(graphql?.locations ? { locations: graphql.locations } : {}),
    ...(graphql?.path ? { path: graphql.path } : {}),
  };
  if (cause instanceof ApiError) {
    const { http: _status, ...extensions } = cause.extensions;
    return { message: cause.message, ...place, extensions };
  }
  if (isDatabaseUnavailable(cause)) {
    log.warn({ err: cause }, 'The database did not answer an operation');
    const { message, extensions } = databaseUnavailable();
    return { message, ...place, extensions };
  }
  if (isTooDeep(cause) && !graphql?.path) {
    return { message: 'The document is nested too deep to be read.', extensions: { code: 'LIMIT_EXCEEDED' } };
  }
  if (graphql && cause instanceof GraphQLError) {
    const given = cause.extensions.code ?? graphql.extensions.code;
    // Without a path it is about the request itself: graphql-js gives no code to variables that don't fit.
    const code = isKnownCode(given) ? given : graphql.path ? undefined : given ? 'BAD_REQUEST' : 'BAD_USER_INPUT';
    if (code && code !== 'INTERNAL_SERVER_ERROR')
      return { message: brief(graphql.message), ...place, extensions: { code } };
  }
  const errorId = randomUUID();
  log.error({ err: cause, errorId, path: graphql?.path }, 'An operation failed');
  const message = `The server failed; its log has the reason under ${errorId}.`;
  return { message, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', errorId } };
}
