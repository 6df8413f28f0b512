import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/**
 * Why a request is refused; undefined where it is served. The server asks for no token on the loopback address, so that
 * only programs and pages of this machine may talk to it: a page from elsewhere could otherwise reach it through the
 * browser, by its address or by a host name that resolves to 127.0.0.1 (DNS rebinding).
 */
export function faultOfOrigin({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (!host || !LOOPBACK_HOST.test(host)) {
    return 'This server is served under localhost, 127.0.0.1 and [::1] only; the Host header names another.';
  }
  if (origin !== undefined && !LOOPBACK_HOST.test(hostOf(origin) ?? '')) {
    return 'Pages of other origins are not served.';
  }
  return undefined;
}
