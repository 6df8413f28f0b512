import type { FastifyError, FastifyInstance } from 'fastify';
import { ApiError, type ErrorCode } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import { figureOf, type Limits } from '../limits';
import { isDatabaseUnavailable } from '../stores/failures';

/** The status of a request that is refused before its operation is looked at; 400 for all other codes. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  DATABASE_UNAVAILABLE: 503,
};

/** Answers what goes wrong outside GraphQL as GraphQL errors, with a status, and with nothing that is not the client's. */
export function handleErrors(app: FastifyInstance, clientErrors: ClientErrors, limits: Limits): void {
  app.setErrorHandler(async (error: FastifyError, _request, reply) => {
    const { status, cause } = toHttpError(error, limits);
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.code(status).send({ errors: [clientErrors(cause)] });
  });
}

/** Fastify's own refusals of a request in the words of the API; anything else as it is. */
function toHttpError(error: FastifyError | ApiError, limits: Limits): { status: number; cause: unknown } {
  if (error instanceof ApiError) {
    const { status } = (error.extensions.http ?? {}) as { status?: number };
    return { status: status ?? HTTP_STATUS[error.code] ?? 400, cause: error };
  }
  // Whatever was thrown may come here, also what is no error.
  const { code, statusCode = 500, message } = Object(error) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const problem = `The body is larger than the limit of ${figureOf('bodyBytes', limits.bodyBytes)} bytes.`;
    return { status: 413, cause: new ApiError('LIMIT_EXCEEDED', problem) };
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const problem = 'Send the operation as JSON, with content-type application/json.';
    return { status: 415, cause: new ApiError('BAD_REQUEST', problem) };
  }
  if (code === 'ECONNRESET' && statusCode === 400) {
    return { status: 400, cause: new ApiError('BAD_REQUEST', 'The request ended before its body was whole.') };
  }
  // After the client's own socket, whose failure looks like the database's.
  if (isDatabaseUnavailable(error)) return { status: 503, cause: error };
  // Of a folder or a file outside the folders that are served: not in the words of whoever reads files.
  if (statusCode === 403 || statusCode === 404) {
    return { status: 404, cause: new ApiError('NOT_FOUND', 'There is nothing at this address.') };
  }
  // Fastify's own words are about the request; what others throw under the same status may be about anything.
  return statusCode < 500 && code?.startsWith('FST_ERR_') && message !== undefined
    ? { status: statusCode, cause: new ApiError('BAD_REQUEST', message) }
    : { status: 500, cause: error };
}
