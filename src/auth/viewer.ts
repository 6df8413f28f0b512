import { Role } from '../../types/enums/Role';

/** Who asks. */
export interface Viewer {
  /** The name of the token, or null where none was asked for. */
  readonly name: string | null;
  /** Null for one who may do nothing. */
  readonly role: Role | null;
  /** Tells clients apart where limits count them: the token's id; null where none was asked for. */
  readonly tokenId: string | null;
}

/** Everybody who reaches a server that asks for no token: it listens on the loopback address alone. */
export const LOCAL_VIEWER: Viewer = { name: null, role: Role.ADMIN, tokenId: null };

/** A caller who was not admitted: no root field serves it. */
export const NOBODY: Viewer = { name: null, role: null, tokenId: null };

/** What a client shows of itself: a header of HTTP, or the payload of a WebSocket's `connection_init`. */
export interface Credentials {
  authorization?: string | undefined;
  connectionParams?: Readonly<Record<string, unknown>> | undefined;
}

/** Says who a client is, for every transport; rejects with UNAUTHENTICATED where it may not come in. */
export type Admit = (credentials: Credentials) => Promise<Viewer>;

/** What can be told apart between viewers in the answer to an operation: those with the same scope share it. */
export function scopeOf({ role }: Viewer): string {
  return role ?? 'NOBODY';
}
