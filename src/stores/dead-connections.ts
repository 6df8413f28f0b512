import type { MongoClient } from 'mongodb';

const SWEEP_MS = 250;

/** What is used here of the driver's internals (mongodb 7.9, pinned). All of it is optional: another version may differ. */
interface Internals {
  topology?: {
    s?: {
      servers?: Map<
        string,
        { pool?: { checkedOut?: Set<{ closed?: boolean; socket?: { emit?: (event: string) => void } }> } }
      >;
    };
  };
}

/**
 * Ends the operations that the driver has forgotten. Where a connection breaks between the moment it is picked and the
 * write of a command, the driver (`writeCommand` in its connection.js) waits for a 'drain' that a destroyed socket never
 * emits, and so for ever. Emitting it makes the driver look at the connection, find its error and throw that: whatever
 * handles a broken connection then takes over. Returns what stops it.
 */
export function wakeDeadConnections(client: MongoClient): () => void {
  const timer = setInterval(() => {
    const servers = (client as unknown as Internals).topology?.s?.servers;
    for (const { pool } of servers?.values() ?? []) {
      for (const { closed, socket } of pool?.checkedOut ?? []) if (closed) socket?.emit?.('drain');
    }
  }, SWEEP_MS);
  timer.unref();
  return () => clearInterval(timer);
}
