import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a unix socket that works everywhere (macOS allows 103 bytes). */
const MAX_SOCKET_PATH = 100;
/** Paths that survive a connection string as they are: driver 7.9 decodes percent signs twice. */
const PLAIN_PATH = /^[\w./-]+$/;

/** Where a data directory's sockets are: files of unix sockets, or pipes of Windows. */
export interface Addresses {
  /** Path of the socket that the wire protocol is served on; undefined where only TCP can be had. */
  socket: string | undefined;
  /** Path or pipe that stands for the ownership of the directory by one process. */
  lock(nonce: string): string;
}

/**
 * Chooses socket paths for a data directory: in it, or in a private directory under tmpdir when its path
 * is too long or has unusual characters.
 */
export function addressesOf(dataDir: string): Addresses {
  const digest = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  if (process.platform === 'win32') {
    return { socket: undefined, lock: (nonce) => `\\\\.\\pipe\\epochgraph-${digest}-${nonce}` };
  }
  const direct = resolve(dataDir);
  const fits = Buffer.byteLength(join(direct, 'lock-0123456789abcdef.sock')) <= MAX_SOCKET_PATH;
  if (fits && PLAIN_PATH.test(direct)) {
    return { socket: join(direct, 'epochgraph.sock'), lock: (nonce) => join(direct, `lock-${nonce}.sock`) };
  }
  const short = privateDirectory();
  return { socket: join(short, `${digest}.sock`), lock: (nonce) => join(short, `${digest}-${nonce}`) };
}

/** A directory for sockets that nobody else can enter. Throws when another user put something in its place. */
function privateDirectory(): string {
  const { uid } = userInfo();
  const path = join(tmpdir(), `epochgraph-${uid}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== uid) {
    throw new Error(`${path} is not a directory of this user, so no private socket can be made there`);
  }
  chmodSync(path, 0o700);
  return path;
}

/** The connection string of a socket path. */
export function socketUri(path: string): string {
  return `mongodb://${encodeURIComponent(path)}/?directConnection=true`;
}

/** The connection string of a loopback port. */
export function tcpUri(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true`;
}
