import { computed, signal } from '@preact/signals';

/**
 * Who the person at the dashboard is to the server: the one place that knows the token, how it travels and what its
 * holder may do. A server without tokens asks nobody, and then everyone may do everything.
 */
const KEY = 'epochgraph.token';

function stored(): string | null {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
}

const token = signal<string | null>(stored());

/** Why a token is asked for; null while none is. */
export const tokenWanted = signal<'missing' | 'refused' | null>(null);

/** Counts up with each new token: what was read or subscribed with the old one begins anew. */
export const sessionNumber = signal(0);

export const hasToken = computed(() => token.value !== null);

/** The server refused a call for lack of a token, or for a token that it doesn't know. */
export function askForToken(): void {
  tokenWanted.value = token.peek() === null ? 'missing' : 'refused';
}

/**
 * Takes a token for all calls from now on.
 * @param remember - also for later visits with this browser; otherwise it is gone with the tab
 */
export function useToken(value: string, remember: boolean): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(KEY, value);
  token.value = value;
  tokenWanted.value = null;
  sessionNumber.value++;
}

/** Drops the token here; it stays valid on the server. */
export function forgetToken(): void {
  forget();
  token.value = null;
  sessionNumber.value++;
}

function forget(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** The HTTP headers that carry the token. */
export function authorizationHeaders(): Record<string, string> {
  const value = token.peek();
  return value === null ? {} : { authorization: `Bearer ${value}` };
}

/** What connection_init carries on the WebSocket. */
export function connectionParameters(): Record<string, unknown> | undefined {
  const value = token.peek();
  return value === null ? undefined : { token: value, Authorization: `Bearer ${value}` };
}
