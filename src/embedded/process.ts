import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addressesOf, socketUri, tcpUri } from './address';
import { Engine } from './engine';
import { DirectoryInUse, DirectoryLock, type OwnerState } from './lock';
import type { ChildMessage, ChildOptions, ParentMessage } from './protocol';
import { Store } from './storage/store';
import { WireServer } from './wire/server';

/** How long requests that run may go on when the process is told to end. */
const GRACE_MS = 5_000;

/**
 * The embedded database's own process. It lives as long as its parent: it ends when told so or when the channel to the
 * parent closes (also when that was killed), and ignores the terminal's signals, which the parent handles.
 */
async function main(options: ChildOptions): Promise<void> {
  const began = Date.now();
  const parent = process.ppid;
  let state: OwnerState['state'] = 'starting';
  let uri = '';
  let stop: () => Promise<void> = async () => undefined;
  let stopped: Promise<void> | undefined;
  const leave = (): void => {
    state = 'leaving';
    stopped ??= stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('disconnect', leave);
  process.on('message', (message: ParentMessage) => message.type === 'close' && leave());
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);

  process.umask(0o077);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const addresses = addressesOf(options.dataDir);
  const store = new Store({
    path: join(options.dataDir, 'epochgraph.mdb'),
    noSync: options.noSync,
    onCommitFailure: ({ message }) => {
      send({ type: 'event', level: 'error', message });
      // After the answers that tell the clients why.
      setTimeout(() => process.exit(1), 50);
    },
  });
  const lock = await DirectoryLock.acquire(store, addresses, () => ({
    // The parent is gone when another process has become it: known before the channel says so.
    state: process.ppid === parent ? state : 'leaving',
    pid: process.pid,
    uri,
  })).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const oplog = { maxBytes: options.oplogMaxBytes, maxAgeSeconds: options.oplogMaxAgeSeconds };
  const engine = new Engine(store, {
    oplog,
    failPoints: options.failPoints,
    transactionSeconds: options.transactionSeconds,
    report: (message, error) =>
      send({ type: 'event', level: 'error', message, fields: { error: error.stack ?? error.message } }),
  });
  const server = new WireServer(engine, (message, fields) => send({ type: 'event', level: 'warn', message, fields }));
  stop = async () => {
    // Waiting change streams end now, so that nothing is waited for but writes.
    engine.cursors.close();
    await server.close(GRACE_MS);
    await engine.close();
    lock.release();
  };
  const loopback = (port: number): string => `127.0.0.1:${port}`;
  let tcpPort = options.tcpPort;
  if (addresses.socket !== undefined) {
    const path = addresses.socket;
    rmSync(path, { force: true });
    await server.listen({ path }, () => path);
    chmodSync(path, 0o600);
    uri = socketUri(path);
  } else {
    tcpPort = await server.listen({ port: options.tcpPort }, loopback);
    uri = tcpUri(tcpPort);
  }
  if (options.port !== undefined) await server.listen({ port: options.port }, loopback);
  if (state !== 'starting') return;
  state = 'serving';
  send({ type: 'ready', uri, tcpPort, startMs: Date.now() - began });
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

process.on('uncaughtException', (error) => {
  send({
    type: 'event',
    level: 'error',
    message: 'The embedded database failed and ends',
    fields: { error: error.stack ?? error.message },
  });
  setTimeout(() => process.exit(1), 100).unref();
});

main(JSON.parse(process.argv[2] ?? '{}') as ChildOptions).catch((error: unknown) => {
  if (error instanceof DirectoryInUse) send({ type: 'in-use', uri: error.owner?.uri, pid: error.owner?.pid });
  else send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  // The message is on its way when the channel has been emptied.
  process.disconnect?.();
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 500).unref();
});
