import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import { figureOf, type Limits } from '../limits';

/** How long the head of a request may take, in ms: it is small, and a client that sends it byte by byte means no good. */
export const HEADERS_WITHIN_MS = 10_000;
/** How often connections are looked at for what takes too long, in ms. */
export const LOOK_EVERY_MS = 1_000;

/**
 * Answers what never became a request, in the words of the API: requests that take too long to arrive, heads that are too
 * large, and what is not HTTP. The connection is closed.
 */
export function refuseConnection(
  limits: Limits,
  clientErrors: ClientErrors,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const { status, cause } = toAnswer(error, limits);
    const body = JSON.stringify({ errors: [clientErrors(cause)] });
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  };
}

function toAnswer({ code }: NodeJS.ErrnoException, { requestSeconds }: Limits): { status: number; cause: ApiError } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const limit = figureOf('requestSeconds', requestSeconds);
      const message = `The request did not arrive in time: its head may take ${HEADERS_WITHIN_MS / 1000} seconds, and all of it ${limit}.`;
      return { status: 408, cause: new ApiError('TIMED_OUT', message) };
    }
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        cause: new ApiError('LIMIT_EXCEEDED', 'The head of the request is larger than the limit of 16384 bytes.'),
      };
    default:
      return { status: 400, cause: new ApiError('BAD_REQUEST', 'The request is not HTTP.') };
  }
}
