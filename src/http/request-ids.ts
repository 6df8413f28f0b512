import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The header in which a request's id comes from a proxy, and goes back to the client. */
export const REQUEST_ID = 'x-request-id';

/** What may stand in a log line and in a header as it is. */
const SANE = /^[\w.:+/=-]{1,128}$/;

/** The id of a request: the one that it brings, where that is of a sane form, or a new one. */
export function requestIdOf({ [REQUEST_ID]: given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}
