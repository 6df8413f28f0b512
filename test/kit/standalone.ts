import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { deserialize, serialize, type Document } from 'bson';
import { CERTIFICATE, PRIVATE_KEY } from './certificate';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

/** A listener that answers as a mongod does which is no replica set: to hello and buildInfo alone. */
export interface Standalone {
  uri: string;
  close: () => Promise<void>;
}

interface Odd {
  /** What it answers to other commands, or in place of the usual; undefined for what it answers anyway. */
  answers?: (command: Document) => Document | undefined;
  /** Speaks TLS, with the certificate of test/kit/certificate.ts. */
  tls?: boolean;
}

/** Starts one on a free port; `version` is what its buildInfo says, `extraHello` what it says of itself besides. */
export async function startStandalone(
  version = '7.0.14',
  extraHello: Document = {},
  { answers, tls = false }: Odd = {},
): Promise<Standalone> {
  const sockets = new Set<Socket>();
  const answer = (command: Document): Document => {
    const odd = answers?.(command);
    if (odd) return odd;
    if ('buildInfo' in command) return { version, versionArray: [...version.split('.').map(Number), 0], ok: 1 };
    const limits = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };
    return {
      isWritablePrimary: true,
      helloOk: true,
      minWireVersion: 0,
      maxWireVersion: 21,
      ...limits,
      ...extraHello,
      ok: 1,
    };
  };
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // As a mongod does to what is no message of its protocol, such as TLS.
      if (received.length >= 16 && ![OP_QUERY, OP_MSG].includes(received.readInt32LE(12))) {
        socket.destroy();
        return;
      }
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(reply(received.subarray(0, length), answer));
        received = received.subarray(length);
      }
    });
  };
  const server = tls ? createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, serve) : createServer(serve);
  if (tls) server.on('connection', (socket: Socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/eeg2025`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The reply to an OP_MSG, or to the OP_QUERY that drivers open with, in the same form. */
function reply(request: Buffer, answer: (command: Document) => Document): Buffer {
  const isMessage = request.readInt32LE(12) === OP_MSG;
  const start = isMessage ? 21 : request.indexOf(0, 20) + 1 + 8;
  const command = deserialize(request.subarray(start, start + request.readInt32LE(start)));
  const body = serialize(answer(command));
  const before = Buffer.alloc(isMessage ? 21 : 36);
  before.writeInt32LE(before.length + body.length, 0);
  before.writeInt32LE(request.readInt32LE(4), 8);
  before.writeInt32LE(isMessage ? OP_MSG : OP_REPLY, 12);
  if (!isMessage) before.writeInt32LE(1, 32);
  return Buffer.concat([before, body]);
}
