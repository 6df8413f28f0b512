import type { MongoClient } from 'mongodb';

const SWEEP_MS = 250;

interface Connection {
  closed?: boolean;
  socket?: { emit?: (event: string) => void };
}

/** What is used here of the driver's internals (mongodb 7.9, pinned). All of it is optional: another version may differ. */
interface Internals {
  topology?: { s?: { servers?: Map<string, ServerInternals> } };
}

interface ServerInternals {
  pool?: { checkedOut?: Set<Connection> };
  monitor?: { connection?: Connection | null; rttPinger?: { connection?: Connection } };
}

/** The connections of a server on which something may be waited for. */
function inUse({ pool, monitor }: ServerInternals): Connection[] {
  const { connection, rttPinger } = monitor ?? {};
  return [...(pool?.checkedOut ?? []), connection, rttPinger?.connection].filter((one) => one != null);
}

/**
 * Ends the operations that the driver has forgotten. Where a connection breaks between the moment it is picked and the
 * write of a command, the driver (`writeCommand` in its connection.js) waits for a 'drain' that a destroyed socket never
 * emits, and so for ever. Where that is the connection by which it watches the server, it does not learn that the server
 * is back, and refuses every operation. Emitting it makes the driver look at the connection, find its error and throw
 * that: whatever handles a broken connection then takes over. Returns what stops it.
 */
export function wakeDeadConnections(client: MongoClient): () => void {
  const timer = setInterval(() => {
    const servers = (client as unknown as Internals).topology?.s?.servers;
    for (const { closed, socket } of [...(servers?.values() ?? [])].flatMap(inUse)) if (closed) socket?.emit?.('drain');
  }, SWEEP_MS);
  timer.unref();
  return () => clearInterval(timer);
}
