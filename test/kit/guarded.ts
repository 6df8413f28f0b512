import type { Config } from '../../src/config';
import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Role } from '../../types/enums/Role';
import { startServer, type Answer, type TestServer } from './server';
import { socketUrl } from './subscribe';

/** The token of the configuration, with which the tests prepare things. */
export const ADMIN_TOKEN = 'test-only-0123456789abcdefghijklmnop';

/** What came back over any transport. */
export type Reply = Pick<Answer<any>, 'data' | 'errors'>;

/** Sends an operation with a token and gives its first result. */
export type Send = (url: string, query: string, variables?: Record<string, unknown>, token?: string) => Promise<Reply>;

export const sendOverHttp: Send = async (url, query, variables, token) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Reply;
};

export const sendOverWebSocket: Send = async (url, query, variables = {}, token) => {
  const client = createSocketClient({
    url: socketUrl(url),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: token === undefined ? {} : { token },
  });
  try {
    const { value } = await client.iterate({ query, variables }).next();
    return value as Reply;
  } catch (error) {
    // graphql-ws throws a result without data as the list of its errors.
    if (Array.isArray(error)) return { data: null, errors: error as never };
    throw error;
  } finally {
    await client.dispose();
  }
};

export const sendOverStream: Send = async (url, query, variables = {}, token) => {
  const client = createStreamClient({ url: `${url}/stream`, retryAttempts: 0, headers: bearer(token) });
  try {
    const { value } = await client.iterate({ query, variables }).next();
    return value;
  } finally {
    client.dispose();
  }
};

export const TRANSPORTS: Readonly<Record<string, Send>> = {
  HTTP: sendOverHttp,
  WebSocket: sendOverWebSocket,
  'Server-Sent Events': sendOverStream,
};

export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** A server that asks for tokens, with one for each role. */
export interface GuardedServer extends TestServer {
  tokens: Record<Role, string>;
  /** Makes another token. */
  newToken: (role: Role, expiresAt?: Date) => Promise<{ id: string; secret: string }>;
  /** Runs a document over HTTP as the ADMIN of the configuration; throws where there are errors. */
  asAdmin: (document: string, variables?: Record<string, unknown>) => Promise<any>;
}

export async function startGuardedServer(changes: Partial<Config> = {}): Promise<GuardedServer> {
  const server = await startServer({ requireTokens: true, adminToken: ADMIN_TOKEN, ...changes });
  const asAdmin: GuardedServer['asAdmin'] = async (document, variables) => {
    const { data, errors } = await sendOverHttp(server.url, document, variables, ADMIN_TOKEN);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const newToken: GuardedServer['newToken'] = async (role, expiresAt) => {
    const { createApiToken } = await asAdmin(
      `mutation ($role: Role!, $expiresAt: DateTime) {
        createApiToken(name: "of a test", role: $role, expiresAt: $expiresAt) { secret apiToken { id } }
      }`,
      { role, expiresAt },
    );
    return { id: createApiToken.apiToken.id, secret: createApiToken.secret };
  };
  const secretOf = async (role: Role) => (await newToken(role)).secret;
  const tokens = {
    [Role.READER]: await secretOf(Role.READER),
    [Role.TRAINER]: await secretOf(Role.TRAINER),
    [Role.ADMIN]: await secretOf(Role.ADMIN),
  };
  return { ...server, tokens, newToken, asAdmin };
}
