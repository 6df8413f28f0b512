import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispatch } from '../../src/embedded/commands/dispatch';
import { Engine } from '../../src/embedded/engine';
import { Store } from '../../src/embedded/storage/store';
import { decode } from '../../src/embedded/values/codec';
import { encode } from '../../src/embedded/values/encoder';
import { Binary, int, type Doc, type Value } from '../../src/embedded/values/value';

/** An engine in this process over a directory of its own, for tests that need no driver. */
export class InProcess {
  readonly engine: Engine;
  private readonly directory = mkdtempSync(join(tmpdir(), 'embedded-'));

  constructor(oplogMaxBytes = 1 << 28) {
    const store = new Store({ path: join(this.directory, 'epochgraph.mdb'), noSync: true });
    this.engine = new Engine(store, {
      oplog: { maxBytes: oplogMaxBytes, maxAgeSeconds: 3600 },
      failPoints: true,
      transactionSeconds: 60,
    });
  }

  /** Runs a command; gives the reply with a cursor's documents decoded in the place where the wire has them. */
  async command(body: Doc, db = 'test'): Promise<Doc> {
    const request = new Map(body);
    request.set('$db', db);
    // As it comes over the wire: encoded and decoded.
    const sent = decode(encode(request));
    const reply = await dispatch(this.engine, { body: sent, sequences: new Map(), connectionId: 1, address: 'x' });
    if (reply.cursor === undefined) return reply.body;
    const { field, id, ns, documents, extra } = reply.cursor;
    const cursor: Doc = new Map<string, Value>([
      [field, documents.map((d) => decode(d))],
      ['id', id],
      ['ns', ns],
      ...(extra ?? []),
    ]);
    return new Map([['cursor', cursor], ...reply.body]);
  }

  /** The same, and throws when the reply is an error. */
  async ok(body: Doc, db = 'test'): Promise<Doc> {
    const reply = await this.command(body, db);
    if (reply.get('ok') !== 1) throw new Error(`${[...body.keys()][0]}: ${reply.get('errmsg') as string}`);
    return reply;
  }

  /** All documents of a find or an aggregation. */
  async documents(body: Doc): Promise<Doc[]> {
    const reply = await this.ok(body);
    const cursor = reply.get('cursor') as Doc;
    const documents = cursor.get('firstBatch') as Doc[];
    let id = cursor.get('id') as bigint;
    const collection = (cursor.get('ns') as string).split('.').slice(1).join('.');
    while (id !== 0n) {
      const more = await this.ok(
        new Map<string, Value>([
          ['getMore', id],
          ['collection', collection],
        ]),
      );
      const next = more.get('cursor') as Doc;
      documents.push(...(next.get('nextBatch') as Doc[]));
      id = next.get('id') as bigint;
    }
    return documents;
  }

  async close(): Promise<void> {
    await this.engine.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A command: its name and value first, then its fields. */
export function command(name: string, value: Value, fields: Record<string, Value> = {}): Doc {
  return new Map([[name, value], ...Object.entries(fields)]);
}

/** A session id. */
export function lsid(n: number): Doc {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(n, 12);
  return new Map([['id', new Binary(id, Binary.SUBTYPE_UUID)]]);
}

/** A document from plain values: whole numbers become int32, objects become documents. */
export function plain(value: unknown): Value {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 2 ** 31 ? int(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return new Map(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return value as Value;
}
