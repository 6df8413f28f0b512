import { connect, type Socket } from 'node:net';
import { deserialize, serialize, type Document } from 'bson';
import { Random, seedOf } from './random';
import { serve, type Served } from './served';

/** Talks the wire protocol by hand. */
class Raw {
  readonly socket: Socket;
  private received = Buffer.alloc(0);
  closed = false;
  private wake: () => void = () => undefined;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    this.socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
    this.socket.on('error', () => undefined);
  }

  /** The next reply, or undefined when the connection is closed instead. */
  async reply(): Promise<{ responseTo: number; opCode: number; body: Document } | undefined> {
    const end = Date.now() + 5000;
    for (;;) {
      if (this.received.length >= 16 && this.received.length >= this.received.readInt32LE(0)) {
        const length = this.received.readInt32LE(0);
        const message = this.received.subarray(0, length);
        this.received = this.received.subarray(length);
        const opCode = message.readInt32LE(12);
        return {
          responseTo: message.readInt32LE(8),
          opCode,
          body: deserialize(message.subarray(opCode === 1 ? 36 : 21)),
        };
      }
      if (this.closed) return undefined;
      if (Date.now() > end) throw new Error('neither a reply nor a close');
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 50);
      });
    }
  }
}

function header(length: number, requestId: number, opCode: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(requestId, 4);
  bytes.writeInt32LE(opCode, 12);
  return bytes;
}

interface Shape {
  requestId?: number;
  flags?: number;
  sections?: Buffer[];
}

function message(body: Document, { requestId = 1, flags = 0, sections = [] }: Shape = {}): Buffer {
  const flagBytes = Buffer.alloc(4);
  flagBytes.writeUInt32LE(flags);
  const payload = Buffer.concat([flagBytes, Buffer.of(0), serialize(body), ...sections]);
  return Buffer.concat([header(16 + payload.length, requestId, 2013), payload]);
}

function sequence(name: string, documents: Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((d) => serialize(d))]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(4 + content.length);
  return Buffer.concat([Buffer.of(1), size, content]);
}

const PING = { ping: 1, $db: 'admin' };

describe('the wire protocol', () => {
  let served: Served;
  let raw: Raw;
  let path: string;
  beforeAll(async () => {
    served = await serve();
    path = decodeURIComponent(/^mongodb:\/\/([^/]+)\//.exec(served.database.uri)?.[1] ?? '');
  });
  afterAll(() => served.close());
  beforeEach(() => {
    raw = new Raw(path);
  });
  afterEach(() => raw.socket.destroy());

  const alive = async (): Promise<void> => {
    expect((await served.client.db('admin').command({ ping: 1 })).ok).toBe(1);
  };

  it('answers the legacy hello that drivers open with, and no other OP_QUERY', async () => {
    const query = (body: Document, id: number): Buffer => {
      const content = Buffer.concat([Buffer.alloc(4), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), serialize(body)]);
      return Buffer.concat([header(16 + content.length, id, 2004), content]);
    };
    raw.socket.write(query({ ismaster: 1, helloOk: true }, 7));
    const reply = await raw.reply();
    expect([reply?.opCode, reply?.responseTo, reply?.body.ismaster, reply?.body.helloOk]).toEqual([1, 7, true, true]);
    expect(reply?.body.topologyVersion).toBeUndefined();
    raw.socket.write(query({ find: 'c' }, 8));
    expect((await raw.reply())?.body.code).toBe(115);
  });

  it('answers messages that come split and joined in any way, in order', async () => {
    const seed = seedOf();
    const random = new Random(seed);
    for (let round = 0; round < 20; round++) {
      const count = 1 + random.below(5);
      const pad = 'x'.repeat(random.below(3000));
      const bytes = Buffer.concat(
        Array.from({ length: count }, (_, i) => message({ ...PING, comment: pad }, { requestId: i + 1 })),
      );
      for (let at = 0; at < bytes.length;) {
        const size = random.chance(0.3) ? 1 + random.below(20) : 1 + random.below(bytes.length);
        raw.socket.write(bytes.subarray(at, at + size));
        at += size;
        if (random.chance(0.5)) await new Promise((wake) => setImmediate(wake));
      }
      for (let i = 0; i < count; i++) expect([seed, (await raw.reply())?.responseTo]).toEqual([seed, i + 1]);
    }
  });

  it('takes documents from sequences, refuses checksums, and stays silent when told to', async () => {
    raw.socket.write(
      message({ insert: 'w', $db: 't' }, { sections: [sequence('documents', [{ _id: 1 }, { _id: 2 }])] }),
    );
    expect((await raw.reply())?.body.n).toBe(2);
    raw.socket.write(message({ insert: 'w', $db: 't', documents: [{ _id: 3 }] }, { requestId: 5, flags: 2 }));
    raw.socket.write(message({ count: 'w', $db: 't' }, { requestId: 6 }));
    const reply = await raw.reply();
    expect([reply?.responseTo, reply?.body.n]).toEqual([6, 3]);
    raw.socket.write(message(PING, { flags: 1 }));
    expect(await raw.reply()).toBeUndefined();
  });

  const doc = serialize({ ping: 1, $db: 'admin' });
  const cut = (bytes: Buffer, at: number, value: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed.writeInt32LE(value, at);
    return changed;
  };
  const broken: [string, Buffer][] = [
    ['a length below the header', header(10, 1, 2013)],
    ['a negative length', header(-5, 1, 2013)],
    ['a length beyond 48,000,000', header(48_000_001, 1, 2013)],
    ['an unknown operation', Buffer.concat([header(16 + 10, 1, 2001), Buffer.alloc(10)])],
    ['compression that was not offered', Buffer.concat([header(16 + 30, 1, 2012), Buffer.alloc(30)])],
    ['unknown required flags', message(PING, { flags: 4 })],
    ['no body', Buffer.concat([header(16 + 4 + 20, 1, 2013), Buffer.alloc(4), sequence('d', [{}]), Buffer.alloc(8)])],
    ['two bodies', message(PING, { sections: [Buffer.concat([Buffer.of(0), doc])] })],
    ['an unknown section', message(PING, { sections: [Buffer.concat([Buffer.of(9), doc])] })],
    ['a section longer than the message', cut(message(PING), 21, 100_000)],
    ['a section of no length', cut(message(PING), 21, 0)],
    [
      'a sequence without a name',
      message(PING, { sections: [Buffer.concat([Buffer.of(1, 8, 0, 0, 0), Buffer.from('abcd')])] }),
    ],
    ['a cut OP_QUERY', Buffer.concat([header(16 + 8, 1, 2004), Buffer.alloc(8, 1)])],
  ];
  it.each(broken)('closes the connection on %s', async (_, bytes) => {
    raw.socket.write(bytes);
    expect(await raw.reply()).toBeUndefined();
    await alive();
  });

  it('answers an error for a document that is no BSON, and goes on', async () => {
    const bytes = message(PING);
    // The type of the first element.
    bytes[16 + 4 + 1 + 4] = 0x77;
    raw.socket.write(bytes);
    expect((await raw.reply())?.body.code).toBe(22);
    raw.socket.write(message({}));
    expect((await raw.reply())?.body.ok).toBe(0);
    raw.socket.write(message({ ping: 1 }));
    expect((await raw.reply())?.body.code).toBe(40571);
    raw.socket.write(message(PING));
    expect((await raw.reply())?.body.ok).toBe(1);
  });

  it('survives thousands of damaged messages', async () => {
    const seed = seedOf();
    const random = new Random(seed);
    const whole = message(
      { insert: 'w', $db: 't' },
      { sections: [sequence('documents', [{ a: 1, b: { c: ['x'] } }])] },
    );
    for (let i = 0; i < 1500; i++) {
      const damaged = Buffer.from(whole);
      const hits = 1 + random.below(4);
      for (let h = 0; h < hits; h++) damaged[random.below(damaged.length)] = random.below(256);
      const socket = connect(path);
      socket.on('error', () => undefined);
      socket.end(random.chance(0.2) ? damaged.subarray(0, random.below(damaged.length)) : damaged);
      socket.resume();
      if (i % 50 === 49) await new Promise((resolve) => socket.once('close', resolve));
    }
    await alive();
  });

  it('counts what it takes: 16 MB a document, 48,000,000 bytes a message', async () => {
    const things = served.client.db('t').collection('large');
    await things.insertOne({ pad: 'x'.repeat(16 * 1024 * 1024 - 100) });
    expect(((await things.findOne()) as Document).pad.length).toBe(16 * 1024 * 1024 - 100);
    const error = await served.client
      .db('t')
      .command({ update: 'large', updates: [{ q: {}, u: { $set: { more: 'y'.repeat(200) } } }] })
      .then((reply) => reply.writeErrors[0].code as number);
    expect(error).toBe(10334);
  });
});
