import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Binary, ObjectId, type Collection } from 'mongodb';
import type { ApiToken } from '../../types/ApiToken';
import { Role } from '../../types/enums/Role';
import { badInput } from '../errors';
import type { Database } from './database';
import { readLimit, withinTime } from './time-limits';
import { toText } from './values';

export const API_TOKENS = 'api_tokens';

/** Which token, and 256 random bits: `egt_<24 hexadecimal digits>_<43 characters of base64url>`. */
const SECRET = /^egt_([0-9a-f]{24})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;

interface StoredToken {
  _id: ObjectId;
  name: string;
  role: Role;
  /** SHA-256 of the whole secret. It needs no salt and no slow function: nobody guesses 256 random bits. */
  hash: Binary;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether two secrets are the same, in a time that tells nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other));
}

/** A token without its hash; null where it can't be read, as after a change by hand: such a token lets nobody in. */
function toToken({ _id, name, role, created_at, expires_at, last_used_at }: StoredToken): ApiToken | null {
  if (!Object.values(Role).includes(role) || (expires_at !== null && !(expires_at instanceof Date))) return null;
  if (typeof name !== 'string' || !(created_at instanceof Date)) return null;
  return {
    _id,
    name,
    role,
    created_at,
    expires_at,
    last_used_at: last_used_at instanceof Date ? last_used_at : null,
  };
}

/** The tokens that let clients in. Revoking one removes it. */
export class TokenStore {
  constructor(private readonly database: Database) {}

  /**
   * Makes a token and its secret, which is not stored. BAD_USER_INPUT for a name that is empty or longer than 256
   * characters, and for an `expiresAt` that is not in the future.
   */
  async create(
    name: string,
    role: Role,
    expiresAt: Date | null = null,
  ): Promise<{ apiToken: ApiToken; secret: string }> {
    const created_at = new Date();
    if (toText(name, 'name', { min: 1, max: 256 }).trim() === '') throw badInput('name', 'is blank; it takes a name');
    if (expiresAt && expiresAt <= created_at)
      throw badInput('expiresAt', `is ${expiresAt.toISOString()}; it takes a time in the future`);
    const _id = new ObjectId();
    const secret = `egt_${_id.toHexString()}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const apiToken: ApiToken = { _id, name, role, created_at, expires_at: expiresAt, last_used_at: null };
    const hash = new Binary(hashOf(secret));
    await withinTime(this.collection.insertOne({ ...apiToken, _id, hash }));
    return { apiToken, secret };
  }

  /** All tokens, expired ones among them, oldest first. */
  async list(): Promise<ApiToken[]> {
    const stored = await this.collection.find({}, readLimit()).sort({ created_at: 1, _id: 1 }).toArray();
    return stored.flatMap((token) => toToken(token) ?? []);
  }

  /** Whether there is a token that lets somebody in now. */
  async hasAny(): Promise<boolean> {
    const now = Date.now();
    return (await this.list()).some(({ expires_at }) => expires_at === null || expires_at.getTime() > now);
  }

  /** Removes a token; whether there was one. */
  async revoke(id: ObjectId): Promise<boolean> {
    return (await withinTime(this.collection.deleteOne({ _id: id }))).deletedCount > 0;
  }

  /** The token with this secret, which may have expired; null if there is none. */
  async bySecret(secret: string): Promise<ApiToken | null> {
    const id = SECRET.exec(secret)?.[1];
    if (id === undefined) return null;
    const stored = await this.collection.findOne({ _id: new ObjectId(id) }, readLimit());
    const expected = stored?.hash instanceof Binary ? stored.hash.buffer : undefined;
    const given = hashOf(secret);
    if (!stored || expected?.length !== given.length || !timingSafeEqual(expected, given)) return null;
    return toToken(stored);
  }

  /** Those of these tokens that are there still. */
  async byIds(ids: readonly string[]): Promise<ApiToken[]> {
    const stored = await this.collection
      .find({ _id: { $in: ids.map((id) => new ObjectId(id)) } }, readLimit())
      .toArray();
    return stored.flatMap((token) => toToken(token) ?? []);
  }

  /** Remembers when a token was used. */
  async used(id: string, at: Date): Promise<void> {
    await withinTime(this.collection.updateOne({ _id: new ObjectId(id) }, { $max: { last_used_at: at } }));
  }

  private get collection(): Collection<StoredToken> {
    return this.database.db.collection(API_TOKENS);
  }
}
