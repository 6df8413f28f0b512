import { randomBytes } from 'node:crypto';
import { ensure } from '../errors';
import { compileMatcher } from '../match';
import { decode } from '../values/codec';
import { encode } from '../values/encoder';
import { Binary, doc, int, type Doc, type Int32, type Value } from '../values/value';
import { documentKey, namedKey, numberedRange, recordOfDocumentKey, TABLE, tableRange } from './keyspace';
import type { View } from './view';

/** An index as it was asked for. */
export interface IndexSpec {
  name: string;
  /** Dotted path → 1 or -1, in order. */
  key: Doc;
  unique: boolean;
  sparse: boolean;
  partial?: Doc;
}

/** An index of a collection. */
export interface Index extends IndexSpec {
  readonly id: number;
  readonly paths: string[];
  readonly directions: (1 | -1)[];
  /** Whether a partial index has a document. */
  readonly holds?: (document: Doc) => boolean;
  /** Views older than this do not hold the index's entries. Set when its commit gets its timestamp. */
  readableFrom: bigint;
  /** Some document has an array on one of the paths. Never unset, so it holds for every view. */
  multikey: boolean;
  /** Some key was too long and was cut, so that the index's order is not exact. Never unset. */
  truncated: boolean;
}

/** A collection. A dropped one stays marked, for cursors that still hold it. */
export interface Collection {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly ns: string;
  readonly uuid: Binary;
  /** Set when its commit gets its timestamp. */
  createdAt: bigint;
  indexes: Index[];
  dropped: boolean;
}

/** What is to be written; how, is the caller's affair. */
export interface Puts {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

const NEXT_ID_KEY = namedKey(TABLE.meta, 'next-id');

/** The collections and their indexes: in memory, and a record each in the store. */
export class Catalog {
  private readonly collections = new Map<string, Collection>();
  private readonly nextRecord = new Map<number, number>();
  private nextId = 1;
  /** Indexes whose flags changed in memory; the next commit writes them, also if the write that changed them failed. */
  readonly unsavedFlags = new Set<Index>();

  /** Reads the catalog of an opened store. */
  load(view: View): void {
    this.nextId = view.get(NEXT_ID_KEY)?.readUInt32BE(0) ?? 1;
    for (const { value } of view.range(...tableRange(TABLE.catalog))) {
      const collection = decodeCollection(decode(value), view);
      this.collections.set(collection.ns, collection);
    }
  }

  get(ns: string): Collection | undefined {
    return this.collections.get(ns);
  }

  /** All collections, of one database or of all, by name. */
  list(db?: string): Collection[] {
    const found = [...this.collections.values()].filter((c) => db === undefined || c.db === db);
    return found.sort((a, b) => (a.ns < b.ns ? -1 : 1));
  }

  /** Writes the next free number of collections and indexes; to be part of every commit that made one. */
  saveNextId(puts: Puts): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.nextId);
    puts.put(NEXT_ID_KEY, bytes);
  }

  /** A new record number of a collection, larger than all before. */
  allocateRecord(collection: Collection, view: View): number {
    let next = this.nextRecord.get(collection.id);
    if (next === undefined) {
      next = 1;
      for (const { key } of view.range(...numberedRange(TABLE.documents, collection.id), true)) {
        next = recordOfDocumentKey(key) + 1;
        break;
      }
    }
    this.nextRecord.set(collection.id, next + 1);
    return next;
  }

  /** Writes the flags that changed; to be part of every commit of documents. */
  saveFlags(puts: Puts): void {
    for (const index of this.unsavedFlags) puts.put(indexFlagsKey(index.id), indexFlags(index));
    this.unsavedFlags.clear();
  }

  /** A collection that is not in the catalog yet, with its _id index. */
  make(db: string, name: string): Collection {
    const uuid = new Binary(randomBytes(16), Binary.SUBTYPE_UUID);
    const indexes = [this.makeIndex({ name: '_id_', key: doc({ _id: int(1) }), unique: true, sparse: false })];
    return { id: this.nextId++, db, name, ns: `${db}.${name}`, uuid, createdAt: 0n, indexes, dropped: false };
  }

  /** An index that is not in the catalog yet. */
  makeIndex(spec: IndexSpec): Index {
    return buildIndex(this.nextId++, spec);
  }

  /** Puts a collection's record; the caller adds it to memory with `add` when the record is sure to be committed. */
  save(collection: Collection, puts: Puts): void {
    puts.put(catalogKey(collection.ns), encode(encodeCollection(collection)));
  }

  add(collection: Collection): void {
    this.collections.set(collection.ns, collection);
  }

  /** Takes a collection out of the catalog and marks it dropped. */
  remove(collection: Collection): void {
    collection.dropped = true;
    this.collections.delete(collection.ns);
    this.nextRecord.delete(collection.id);
  }
}

/** Key of a collection's record, which doubles as the lock on its creation. */
export function catalogKey(ns: string): Buffer {
  return namedKey(TABLE.catalog, ns);
}

/** Key of the flags of an index that only ever go from false to true. */
export function indexFlagsKey(id: number): Buffer {
  return namedKey(TABLE.meta, `index-${id}`);
}

/** An index's flags as they are stored. */
export function indexFlags({ multikey, truncated }: Index): Buffer {
  return encode(doc({ multikey, truncated }));
}

function readFlags(index: Index, bytes: Buffer | undefined): void {
  const flags = bytes === undefined ? new Map<string, Value>() : decode(bytes);
  index.truncated = flags.get('truncated') === true;
  // Where it is not said, it may be so.
  index.multikey = flags.get('multikey') !== false;
}

/** Key of a document of a collection. */
export function keyOf(collection: Collection, record: number): Buffer {
  return documentKey(collection.id, record);
}

/** How listIndexes and error messages show an index. */
export function describeIndex(index: IndexSpec): Doc {
  return doc({
    v: int(2),
    key: index.key,
    name: index.name,
    unique: index.unique && index.name !== '_id_' ? true : undefined,
    sparse: index.sparse ? true : undefined,
    partialFilterExpression: index.partial,
  });
}

function buildIndex(id: number, spec: IndexSpec): Index {
  const paths = [...spec.key.keys()];
  const directions = [...spec.key.values()].map((v): 1 | -1 => (Number(v) < 0 ? -1 : 1));
  const partial = spec.partial && { holds: compileMatcher(spec.partial) };
  return { ...spec, id, paths, directions, ...partial, readableFrom: 0n, multikey: false, truncated: false };
}

function encodeCollection({ id, db, name, uuid, indexes }: Collection): Doc {
  const specs = indexes.map(({ id: number, name: title, key, unique, sparse, partial }): Value =>
    doc({ id: int(number), name: title, key, unique, sparse, partial }),
  );
  return doc({ id: int(id), db, name, uuid, indexes: specs });
}

/** What encodeCollection() wrote, as the decoder gives it. */
type Stored = Pick<Collection, 'db' | 'name' | 'uuid'> & { id: Int32; indexes: Doc[] };

function decodeCollection(stored: Doc, view: View): Collection {
  const { id, db, name, uuid, indexes: entries } = Object.fromEntries(stored) as unknown as Stored;
  const indexes = entries.map((entry) => {
    const { id: number, ...spec } = Object.fromEntries(entry) as unknown as IndexSpec & { id: Int32 };
    const index = buildIndex(number.value, spec);
    readFlags(index, view.get(indexFlagsKey(index.id)));
    return index;
  });
  return { id: id.value, db, name, ns: `${db}.${name}`, uuid, createdAt: 0n, indexes, dropped: false };
}

/** Refuses names that MongoDB refuses, and the system collections, which are not served. */
export function checkCollectionName(db: string, name: unknown): asserts name is string {
  ensure(typeof name === 'string', 'InvalidNamespace', 'collection name has invalid type');
  const bad = name === '' || /[\0$]|^\.|\.$/.test(name);
  ensure(!bad, 'InvalidNamespace', `Invalid namespace specified '${db}.${name}'`);
  const system = name.startsWith('system.');
  ensure(!system, 'InvalidNamespace', `The embedded database has no system collections: '${db}.${name}'`);
  const fits = Buffer.byteLength(db) + Buffer.byteLength(name) <= 254;
  ensure(fits, 'InvalidNamespace', `Fully qualified namespace is too long. Namespace: ${db}.${name} Max: 255`);
}

/** Refuses database names that MongoDB refuses. */
export function checkDatabaseName(db: string): void {
  const bad = db === '' || Buffer.byteLength(db) > 63 || /[/\\. "$\0]/.test(db);
  ensure(!bad, 'InvalidNamespace', `Invalid database name: '${db}'`);
}
