import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** Which host names the server is reached by, and which pages of other origins may call it. */
export interface OriginSettings {
  /** Without tokens, only programs and pages of this machine are served. */
  requireTokens: boolean;
  /** Host names, with a port where it matters; undefined for every one, or for those of the loopback address without tokens. */
  allowedHosts: readonly string[] | undefined;
  /** Origins such as "https://lab.example". */
  allowedOrigins: readonly string[];
}

/** Why a request is refused; undefined where it is served. */
export type FaultOfOrigin = (headers: IncomingHttpHeaders) => string | undefined;

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/**
 * Judges the Host and Origin of requests, WebSockets among them.
 *
 * Without tokens only programs and pages of this machine are served: a page from elsewhere could otherwise reach the
 * server through the browser, by its address or by a host name that resolves to 127.0.0.1 (DNS rebinding). With tokens
 * such a page has none to show, and any host name will do unless ALLOWED_HOSTS names some.
 *
 * A page may call the server that it came from, and those that ALLOWED_ORIGINS lists may, too. Programs send no Origin.
 */
export function createFaultOfOrigin({ requireTokens, allowedHosts, allowedOrigins }: OriginSettings): FaultOfOrigin {
  const hosts = allowedHosts && new Set(allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins);
  const isServed = (host: string): boolean =>
    hosts
      ? hosts.has(host.toLowerCase()) || hosts.has(host.toLowerCase().replace(/:\d{1,5}$/, ''))
      : requireTokens || LOOPBACK_HOST.test(host);
  return ({ host, origin }) => {
    if (!host || !isServed(host)) {
      return hosts
        ? 'The Host header names a host that this server is not served under; ALLOWED_HOSTS has those that it is.'
        : 'This server is served under localhost, 127.0.0.1 and [::1] only; the Host header names another.';
    }
    if (origin === undefined || origins.has(origin)) return undefined;
    const from = hostOf(origin) ?? '';
    if (from !== '' && from.toLowerCase() === host.toLowerCase()) return undefined;
    if (!requireTokens && !hosts && LOOPBACK_HOST.test(from)) return undefined;
    return 'Pages of other origins are not served, but for those that ALLOWED_ORIGINS lists.';
  };
}
