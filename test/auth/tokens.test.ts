import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createStreamClient } from 'graphql-sse';
import { ObjectId } from 'mongodb';
import { WebSocket } from 'ws';
import { API_TOKENS } from '../../src/stores/tokens';
import { Role } from '../../types/enums/Role';
import { ADMIN_TOKEN, bearer, sendOverHttp, startGuardedServer, TRANSPORTS, type GuardedServer } from '../kit/guarded';
import { uriOf } from '../kit/database';
import { until } from '../kit/process';
import { startServer } from '../kit/server';
import { socketUrl } from '../kit/subscribe';

const SUBSCRIPTION = 'subscription { experimentChanged { kind } }';
const WHO = '{ viewer { name role } }';

let server: GuardedServer;
beforeAll(async () => {
  server = await startGuardedServer();
});
afterAll(() => server.close());

const revoke = (id: string) => server.asAdmin('mutation ($id: ID!) { revokeApiToken(id: $id) { id } }', { id });

/** A WebSocket that came in with these parameters, or was closed. */
async function enter(
  url: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; messages: string[]; closed: Promise<{ code: number; reason: string }> }> {
  const socket = new WebSocket(socketUrl(url), 'graphql-transport-ws', { headers });
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await Promise.race([once(socket, 'message'), closed]);
  return { socket, messages, closed };
}

describe('a token', () => {
  it('is 256 random bits, of which the database has the SHA-256 alone', async () => {
    const { id, secret } = await server.newToken(Role.READER);
    expect(secret).toMatch(new RegExp(`^egt_${id}_[\\w-]{43}$`));
    expect((await server.newToken(Role.READER)).secret.slice(29)).not.toBe(secret.slice(29));
    const stored = await server.stores.database.db.collection(API_TOKENS).find().toArray();
    expect(JSON.stringify(stored)).not.toContain(secret.slice(29));
    expect(JSON.stringify(server.log)).not.toContain(secret.slice(29));
    const { apiTokens } = await server.asAdmin('{ apiTokens { id name role createdAt expiresAt lastUsedAt } }');
    const shown = apiTokens.find((token: { id: string }) => token.id === id);
    expect(shown).toEqual({
      id,
      name: 'of a test',
      role: 'READER',
      createdAt: expect.any(String),
      expiresAt: null,
      lastUsedAt: null,
    });
  });

  it('is refused in any other form, and with any other secret', async () => {
    const { secret } = await server.newToken(Role.ADMIN);
    const last = secret.at(-1) === 'A' ? 'E' : 'A';
    for (const wrong of [
      secret.slice(0, -1) + last,
      secret.slice(0, -1),
      `${secret}A`,
      secret.toUpperCase(),
      secret.replace('egt_', ''),
      ADMIN_TOKEN.slice(0, -1),
      '{"$ne":null}',
      ' ',
    ]) {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${wrong}` },
        body: JSON.stringify({ query: WHO }),
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      const { errors, data } = await response.json();
      expect(data).toBeUndefined();
      expect(errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED' });
    }
    for (const authorization of [secret, `Basic ${secret}`, `Bearer${secret}`]) {
      const headers = { 'content-type': 'application/json', authorization };
      const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query: WHO }) });
      expect(response.status).toBe(401);
    }
    const lower = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `bearer ${secret}` },
      body: JSON.stringify({ query: WHO }),
    });
    expect(lower.status).toBe(200);
  });

  it('is noted when it is used', async () => {
    const { id, secret } = await server.newToken(Role.READER);
    const lastUsed = async () =>
      (await server.asAdmin('{ apiTokens { id lastUsedAt } }')).apiTokens.find((token: any) => token.id === id)
        .lastUsedAt;
    await sendOverHttp(server.url, WHO, {}, secret);
    await until(
      async () => (await lastUsed()) !== null,
      () => 'It was not noted.',
    );
    expect(Math.abs(Date.now() - Date.parse(await lastUsed()))).toBeLessThan(60_000);
  });

  it('is refused to be made without a name, or for a past', async () => {
    const make = (name: string, expiresAt?: string) =>
      sendOverHttp(
        server.url,
        'mutation ($name: String!, $expiresAt: DateTime) { createApiToken(name: $name, role: READER, expiresAt: $expiresAt) { secret } }',
        { name, expiresAt },
        ADMIN_TOKEN,
      );
    for (const [argument, answer] of [
      ['name', await make('')],
      ['name', await make('  ')],
      ['name', await make('x'.repeat(257))],
      ['name', await make('\ud800')],
      ['expiresAt', await make('a', '2020-01-01T00:00:00Z')],
    ] as const) {
      expect(answer.errors![0]!.extensions).toEqual({ code: 'BAD_USER_INPUT', argument });
    }
  });

  it('lets nobody in any more at its expiry', async () => {
    const { secret } = await server.newToken(Role.READER, new Date(Date.now() + 1_500));
    expect((await sendOverHttp(server.url, WHO, {}, secret)).errors).toBeUndefined();
    await sleep(1_600);
    const { errors } = await sendOverHttp(server.url, WHO, {}, secret);
    expect(errors![0]!.message).toMatch(/^The token expired at /);
    expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('that was changed by hand into what it can not be lets nobody in, and hides no other', async () => {
    const { id, secret } = await server.newToken(Role.READER);
    const tokens = server.stores.database.db.collection(API_TOKENS);
    const { insertedId } = await tokens.insertOne({ name: 'stray' });
    await tokens.updateOne({ _id: new ObjectId(id) }, { $set: { role: 'ROOT' } });
    const { apiTokens } = await server.asAdmin('{ apiTokens { id } }');
    const shown = (apiTokens as { id: string }[]).map((token) => token.id);
    expect(shown).not.toContain(String(insertedId));
    expect(shown).not.toContain(id);
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect((await sendOverHttp(server.url, WHO, {}, secret)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
    await tokens.deleteMany({ _id: { $in: [insertedId, new ObjectId(id)] } });
  });
});

describe('without a good token', () => {
  it('nothing of the API is served over HTTP, and no body is read', async () => {
    const request = (path: string, init: RequestInit = {}) => fetch(new URL(path, server.url), init);
    const operation = `query=${encodeURIComponent(WHO)}`;
    const accept = 'text/event-stream';
    const answers = [
      await request('/graphql', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }),
      await request(`/graphql?${operation}`, { headers: { 'apollo-require-preflight': '1' } }),
      await request('/graphql/stream', { method: 'POST', body: '{', headers: { accept } }),
      await request(`/graphql/stream?${operation}`, { headers: { accept } }),
      await request('/metrics'),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect((await answer.json()).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
    expect((await request('/metrics', { headers: bearer(server.tokens.READER) })).status).toBe(200);
  });

  it('health and the pages, which hold no data, are served', async () => {
    for (const path of ['/health/live', '/health/ready', '/', '/graphiql']) {
      expect((await fetch(new URL(path, server.url), { headers: { accept: 'text/html' } })).status).toBe(200);
    }
  });

  it.each([
    ['none', undefined],
    ['an unknown one', { token: 'egt_nothing' }],
    ['one that is no text', { token: { $ne: null }, authorization: ['Bearer x'] }],
  ])('the WebSocket is closed with 4403: %s', async (_, payload) => {
    const { closed, messages } = await enter(server.url, payload);
    const { code, reason } = await closed;
    expect(code).toBe(4403);
    expect(reason).toMatch(/token/);
    expect(messages).toEqual([]);
  });

  it.each<[string, (secret: string) => [unknown, Record<string, string>?]]>([
    ['token', (token) => [{ token }]],
    ['authorization', (token) => [{ authorization: `Bearer ${token}` }]],
    ['Authorization', (token) => [{ Authorization: `Bearer ${token}` }]],
    ['headers', (token) => [{ headers: { Authorization: `Bearer ${token}` } }]],
    ['the header of the upgrade', (token) => [undefined, { authorization: `Bearer ${token}` }]],
  ])('the WebSocket takes a good one as %s', async (_, show) => {
    const { socket, messages } = await enter(server.url, ...show(server.tokens.READER));
    expect(messages.map((text) => JSON.parse(text) as unknown)).toEqual([{ type: 'connection_ack' }]);
    socket.close();
  });
});

describe('a token that is revoked', () => {
  it('lets nobody in from the next request on, over every transport', async () => {
    const { id, secret } = await server.newToken(Role.TRAINER);
    for (const send of Object.values(TRANSPORTS)) {
      expect((await send(server.url, WHO, {}, secret)).data.viewer.role).toBe('TRAINER');
    }
    await revoke(id);
    await until(
      async () => (await sendOverHttp(server.url, WHO, {}, secret)).errors?.[0]?.extensions.code === 'UNAUTHENTICATED',
      () => 'It still lets somebody in.',
      3_000,
    );
    expect(await revoke(id)).toEqual({ revokeApiToken: { id } });
  });

  it('closes open WebSockets with 4403 and ends streams with UNAUTHENTICATED, and nobody else’s', async () => {
    const { id, secret } = await server.newToken(Role.READER);
    const theirs = await enter(server.url, { token: secret });
    theirs.socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } }));
    const others = await enter(server.url, { token: server.tokens.READER });
    const client = createStreamClient({ url: `${server.url}/stream`, retryAttempts: 0, headers: bearer(secret) });
    const stream = client.iterate({ query: SUBSCRIPTION });
    const first = stream.next();
    await until(
      () => server.subscribers() === 2,
      () => 'The subscriptions do not stand.',
    );
    await revoke(id);
    expect(await theirs.closed).toEqual({ code: 4403, reason: 'The token was revoked.' });
    expect((await first).value).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect((await stream.next()).done).toBe(true);
    client.dispose();
    expect(others.socket.readyState).toBe(WebSocket.OPEN);
    await until(
      () => server.subscribers() === 0,
      () => 'A subscription is left.',
    );
    others.socket.close();
  });

  it('closes the connections that another server on the database holds', async () => {
    const { id, secret } = await server.newToken(Role.READER);
    const second = await startServer({ requireTokens: true, mongodbUri: uriOf(server.stores.database) });
    const { closed } = await enter(second.url, { token: secret });
    await revoke(id);
    expect((await closed).code).toBe(4403);
    await second.stop();
  });

  it('or has another role now ends its connections, too; one that expires does so within seconds', async () => {
    const changed = await server.newToken(Role.READER);
    const expiring = await server.newToken(Role.READER, new Date(Date.now() + 1_000));
    const [one, two] = [
      await enter(server.url, { token: changed.secret }),
      await enter(server.url, { token: expiring.secret }),
    ];
    await server.stores.database.db
      .collection(API_TOKENS)
      .updateOne({ _id: new ObjectId(changed.id) }, { $set: { role: 'ADMIN' } });
    expect(await one.closed).toEqual({ code: 4403, reason: 'The token has another role now; connect again.' });
    expect((await two.closed).reason).toMatch(/^The token expired at /);
  }, 20_000);
});

describe('a server that asks for no token', () => {
  it('looks at none, and everybody is ADMIN', async () => {
    const open = await startServer();
    for (const send of Object.values(TRANSPORTS)) {
      expect((await send(open.url, WHO, {}, 'egt_whatever')).data.viewer).toEqual({ name: null, role: 'ADMIN' });
    }
    await open.close();
  });
});

describe('a server that others can reach', () => {
  it('does not start without a token, and says how to make one', async () => {
    await expect(startServer({ requireTokens: true })).rejects.toThrow(/npx epochgraph token create NAME --role ADMIN/);
  });
});
