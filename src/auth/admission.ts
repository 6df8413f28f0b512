import { LRUCache } from 'lru-cache';
import type { ApiToken } from '../../types/ApiToken';
import { Role } from '../../types/enums/Role';
import { ApiError } from '../errors';
import type { Log } from '../log';
import { isSameSecret, type TokenStore } from '../stores/tokens';
import { LOCAL_VIEWER, type Credentials, type Viewer } from './viewer';

/** How long a token that was found good counts as such without a look at the database. Changes of tokens end it earlier. */
const TRUST_MS = 5_000;
const MOST_TRUSTED = 10_000;
/** How often open connections are looked at: for tokens that expire, and where the change stream is away. */
const LOOK_MS = 10_000;
/** How exactly the last use of a token is known. */
const USE_MS = 60_000;

const BEARER = /^Bearer +([^\s]+) *$/i;

/** The name of whoever comes with the token of the configuration. */
const CONFIGURED: Viewer = { name: 'ADMIN_TOKEN', role: Role.ADMIN, tokenId: 'ADMIN_TOKEN' };

function unauthenticated(message: string): ApiError {
  return new ApiError('UNAUTHENTICATED', message);
}

/** An open connection of a client that came in with a token. */
interface Held {
  viewer: Viewer;
  end: (error: ApiError) => void;
}

function bearerOf(text: unknown): string | undefined {
  return typeof text === 'string' ? BEARER.exec(text)?.[1] : undefined;
}

/**
 * The token that a client shows: `Authorization: Bearer TOKEN` over HTTP; in the payload of `connection_init` the same as
 * `Authorization` or `authorization`, in `headers` too, or the bare token as `token`.
 */
function secretOf({ authorization, connectionParams = {} }: Credentials): string | undefined {
  const { token, headers } = connectionParams;
  if (typeof token === 'string' && token !== '') return token;
  const nested = typeof headers === 'object' && headers !== null ? (headers as Record<string, unknown>) : {};
  const places = [connectionParams, nested].flatMap((place) => [place.authorization, place.Authorization]);
  return [...places, authorization].map(bearerOf).find((secret) => secret !== undefined);
}

/** Says who may come in, and keeps watch over who is in: a token that is revoked, changed or expires ends their connections. */
export class Admission {
  private readonly trusted = new LRUCache<string, ApiToken>({ max: MOST_TRUSTED, ttl: TRUST_MS });
  private readonly uses = new LRUCache<string, true>({ max: MOST_TRUSTED, ttl: USE_MS });
  private readonly held = new Set<Held>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;

  /**
   * @param settings - whether tokens are asked for, and the secret of the configuration that also counts as one, of an
   *   ADMIN
   */
  constructor(
    private readonly tokens: TokenStore,
    private readonly settings: { requireTokens: boolean; adminToken: string | undefined },
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Whether anybody could come in. */
  async isPossible(): Promise<boolean> {
    const { requireTokens, adminToken } = this.settings;
    return !requireTokens || adminToken !== undefined || this.tokens.hasAny();
  }

  /** Who the client is; rejects with UNAUTHENTICATED where it shows no token that lets it in. */
  async admit(credentials: Credentials): Promise<Viewer> {
    if (!this.settings.requireTokens) return LOCAL_VIEWER;
    const secret = secretOf(credentials);
    if (secret === undefined) {
      throw unauthenticated('This server asks for a token: send it in the Authorization header, as a bearer token.');
    }
    const { adminToken } = this.settings;
    if (adminToken !== undefined && isSameSecret(secret, adminToken)) return CONFIGURED;
    let token = this.trusted.get(secret);
    if (!token) {
      token = (await this.tokens.bySecret(secret)) ?? undefined;
      if (!token) throw unauthenticated('The token is not one of this server; it may have been revoked.');
      this.trusted.set(secret, token);
    }
    assertCurrent(token);
    const tokenId = String(token._id);
    this.use(tokenId);
    return { name: token.name, role: token.role, tokenId };
  }

  /**
   * Calls `end` with UNAUTHENTICATED when the viewer's token lets nobody in any more, or allows something else than when
   * it came in. The function returned must be called when the connection is over.
   */
  hold(viewer: Viewer, end: (error: ApiError) => void): () => void {
    const held = { viewer, end };
    this.held.add(held);
    return () => this.held.delete(held);
  }

  /** A stored token has changed: what is known of it is void. */
  changed(id: unknown): void {
    for (const [secret, token] of this.trusted.entries()) {
      if (String(token._id) === String(id)) this.trusted.delete(secret);
    }
    if ([...this.held].some(({ viewer }) => viewer.tokenId === String(id))) this.look();
  }

  private use(tokenId: string): void {
    if (this.uses.has(tokenId)) return;
    this.uses.set(tokenId, true);
    const failed = (error: unknown): void => this.log.debug({ err: error }, 'The use of a token was not noted');
    this.tokens.used(tokenId, new Date()).catch(failed);
  }

  /** Looks at the tokens of all open connections; a call while one is under way makes it look again. */
  private look(): void {
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.endStale()
      .catch((error: unknown) => this.log.debug({ err: error }, 'Tokens could not be looked at; connections stay'))
      .finally(() => {
        this.looking = undefined;
        if (!this.lookAgain) return;
        this.lookAgain = false;
        this.look();
      });
  }

  private async endStale(): Promise<void> {
    const ids = [...new Set([...this.held].flatMap(({ viewer: { tokenId } }) => tokenId ?? []))].filter(
      (id) => id !== CONFIGURED.tokenId,
    );
    if (ids.length === 0) return;
    const stored = await this.tokens.byIds(ids);
    const tokens = new Map(stored.map((token) => [String(token._id), token]));
    for (const held of [...this.held]) {
      const { tokenId, role } = held.viewer;
      if (tokenId === null || !ids.includes(tokenId)) continue;
      const fault = faultOf(tokens.get(tokenId), role);
      if (!fault) continue;
      this.held.delete(held);
      held.end(fault);
    }
  }
}

function assertCurrent({ expires_at }: ApiToken): void {
  if (expires_at && expires_at.getTime() <= Date.now())
    throw unauthenticated(`The token expired at ${expires_at.toISOString()}.`);
}

/** Why somebody who came in with a role may not stay; undefined where it may. */
function faultOf(token: ApiToken | undefined, role: Role | null): ApiError | undefined {
  if (!token) return unauthenticated('The token was revoked.');
  if (token.role !== role) return unauthenticated('The token has another role now; connect again.');
  try {
    assertCurrent(token);
    return undefined;
  } catch (error) {
    return error as ApiError;
  }
}
