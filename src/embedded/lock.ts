import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import type { Addresses } from './address';
import { namedKey, TABLE } from './storage/keyspace';
import type { Store } from './storage/store';

/**
 * One process owns a data directory. The owner is written in the store itself; it is replaced in a write transaction
 * (which LMDB lets only one process have at a time) and only when the record is still the one that was examined, so of
 * two that start together exactly one wins. The owner's record names a socket of its own, which it listens on before it
 * takes ownership: whoever comes later connects to it. A process that is gone, however it died, listens no more, and no
 * other process can be taken for it (its process id may be given out again; the socket's random name is not). So a
 * stale record never stands in the way. On connecting, the owner says how it is: starting, serving, or leaving. The
 * record also names the data file by device and inode: in a copy of the file it says nothing.
 */
const OWNER_KEY = namedKey(TABLE.meta, 'owner');
/** How long to wait for an owner that is starting or leaving. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 25;
const PROBE_MS = 2_000;

export interface OwnerState {
  state: 'starting' | 'serving' | 'leaving';
  pid: number;
  uri: string;
}

/** The directory is served by a live process. */
export class DirectoryInUse extends Error {
  constructor(readonly owner: OwnerState | undefined) {
    const who = owner === undefined ? 'a process that does not answer' : `process ${owner.pid}`;
    super(`The data directory is in use by ${who}`);
  }
}

/** Ownership of a data directory, until the process ends or releases it. */
export class DirectoryLock {
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** Takes ownership. `current` is asked for what to tell those who come later. Throws DirectoryInUse. */
  static async acquire(store: Store, addresses: Addresses, current: () => OwnerState): Promise<DirectoryLock> {
    const path = addresses.lock(randomBytes(8).toString('hex'));
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(JSON.stringify(current()));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    server.unref();
    const lock = new DirectoryLock(server, path);
    try {
      await takeOwnership(store, { lock: path, file: store.fileId() });
    } catch (error) {
      lock.release();
      throw error;
    }
    return lock;
  }

  /** Lets go: to be called when the store is closed. */
  release(): void {
    this.server.close();
    removeSocket(this.path);
  }
}

/** The owner's record: the socket that stands for it, and the file that it owns. */
interface Owner {
  lock: string;
  file: string;
}

async function takeOwnership(store: Store, own: Owner): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = store.latest(OWNER_KEY);
    const owner = found && (JSON.parse(found.toString()) as Owner);
    const ours = owner?.file === own.file;
    const state = owner && ours ? await probe(owner.lock) : 'gone';
    if (state === 'gone') {
      const taken = store.commitNow((writer) => {
        const now = writer.get(OWNER_KEY);
        const same = now === undefined || found === undefined ? now === found : now.equals(found);
        if (same) writer.put(OWNER_KEY, Buffer.from(JSON.stringify(own)));
        return same;
      });
      if (!taken) continue;
      if (owner && ours) removeSocket(owner.lock);
      return;
    }
    if (state === undefined || state.state === 'serving' || Date.now() > until) throw new DirectoryInUse(state);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Asks the owner behind a socket: its state, 'gone', or undefined when it holds the socket and says nothing. */
async function probe(path: string): Promise<OwnerState | 'gone' | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    const done = (result: OwnerState | 'gone' | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PROBE_MS, () => done(undefined));
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('end', () => {
      try {
        done(JSON.parse(text) as OwnerState);
      } catch {
        done(undefined);
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody listens, or whoever did died while it answered.
      done(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? 'gone' : undefined);
    });
  });
}

function removeSocket(path: string): void {
  if (process.platform !== 'win32') rmSync(path, { force: true });
}
