import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { deserialize } from 'bson';
import { COLLECTION_NAMES } from '../../src/stores/collections';
import { MongoClient } from 'mongodb';

/** Where a connection is cut: before the command reaches the database, or after its work, so that the answer is lost. */
export type Moment = 'before' | 'after';

/** Decides about one command on its way to the database; undefined lets it pass. */
export type Cut = (command: string) => Moment | undefined;

/** A TCP proxy between a server under test and its database, which can break connections at a given command. */
export interface CuttingProxy {
  /** Connection string through the proxy. */
  uri: string;
  /** Asked about each command from now on; replaces the one before. Commands of the driver and the feed always pass. */
  setCut: (cut: Cut | undefined) => void;
  /** Takes the database away: connections end, and nothing listens. */
  shut: () => Promise<void>;
  /** Brings it back under the same address. */
  open: () => Promise<void>;
  close: () => Promise<void>;
}

const OP_MSG = 2013;
/** What an operation may be about; the feed watches the whole database, and heartbeats have a collection of their own. */
const RECORDS = new Set<unknown>(COLLECTION_NAMES);
const ENDS = new Set(['commitTransaction', 'abortTransaction']);

/** The name of an operation's command; undefined for what the driver and the change feed send on their own. */
function operationOf(message: Buffer): string | undefined {
  if (message.readInt32LE(12) !== OP_MSG || message[20] !== 0) return undefined;
  const body = deserialize(message.subarray(21, 21 + message.readInt32LE(21)));
  const name = Object.keys(body)[0]!;
  return ENDS.has(name) || RECORDS.has(body[name]) ? name : undefined;
}

/** Calls `each` with every whole message of a stream of them. */
function splitter(each: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      each(message);
    }
  };
}

/** Where the database listens, and the connection string of it through another address. */
async function upstreamOf(uri: string): Promise<{ open: () => Socket; through: (address: string) => string }> {
  const parts = /^mongodb:\/\/([^@/]*@)?([^/]+)(\/[^?]*)?(\?.*)?$/.exec(uri);
  const [, credentials = '', hosts = '', path = '/', options = ''] = parts ?? [];
  if (!parts || /[?&](tls|ssl)=true/i.test(options)) {
    throw new Error('The tests that cut connections need a mongodb:// connection string without TLS.');
  }
  const through = (address: string): string => {
    const kept = options.replace(/[?&](directConnection|replicaSet)=[^&]*/gi, '').replace(/^&/, '?');
    return `mongodb://${credentials}${address}${path}${kept}${kept ? '&' : '?'}directConnection=true&minHeartbeatFrequencyMS=50`;
  };
  if (hosts.endsWith('.sock')) return { open: () => connect(decodeURIComponent(hosts)), through };
  const client = await MongoClient.connect(uri);
  const { primary } = await client.db('admin').command({ hello: 1 });
  await client.close();
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec((primary as string | undefined) ?? hosts)!;
  return { open: () => connect(Number(port), host), through };
}

/** Starts a proxy before the database of a connection string: of a replica set, before its primary. */
export async function startCuttingProxy(uri: string): Promise<CuttingProxy> {
  const { open, through } = await upstreamOf(uri);
  const sockets = new Set<Socket>();
  let cut: Cut | undefined;

  const server = createServer((client) => {
    const database = open();
    let doomed: number | undefined;
    const end = (): void => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on(
      'data',
      splitter((message) => {
        const name = client.destroyed ? undefined : operationOf(message);
        const moment = name === undefined ? undefined : cut?.(name);
        if (moment === 'before') return end();
        if (moment === 'after') doomed = message.readInt32LE(4);
        database.write(message);
      }),
    );
    database.on(
      'data',
      splitter((message) => {
        if (message.readInt32LE(8) === doomed) end();
        else client.write(message);
      }),
    );
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const shut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    uri: through(`127.0.0.1:${port}`),
    setCut: (next) => (cut = next),
    shut,
    open: () => listen(port),
    close: async () => {
      if (server.listening) await shut();
    },
  };
}
