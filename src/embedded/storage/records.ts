import { MongoError, mongoError } from '../errors';
import { MAX_DOCUMENT_BYTES } from '../values/codec';
import { encode } from '../values/encoder';
import { encodeKey, keyHash } from '../values/keys';
import { indexKeyValues, meetsArray } from '../values/paths';
import { show } from '../values/show';
import { doc, type Doc, type Value } from '../values/value';
import type { Batch } from './batch';
import { keyOf, type Collection, type Index } from './catalog';
import { indexEntryKey, recordBytes, recordOfBytes } from './keyspace';

/** An entry that a document has in an index. */
interface IndexEntry {
  key: Buffer;
  values: (Value | undefined)[];
  truncated: boolean;
}

/** A document that is to be stored, decoded and raw. */
export interface NewDocument {
  document: Doc;
  bytes: Buffer;
}

/** Pairs a document with its BSON; throws what mongod throws for a document that is too large. */
export function newDocument(document: Doc, bytes: Buffer = encode(document)): NewDocument {
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    const message = `object to insert too large. size in bytes: ${bytes.length}, max size: ${MAX_DOCUMENT_BYTES}`;
    throw new MongoError(10334, message);
  }
  return { document, bytes };
}

/** Inserts a document that has an _id. Throws DuplicateKey and others before anything is changed. */
export function insertRecord(batch: Batch, collection: Collection, added: NewDocument): number {
  const record = batch.catalog.allocateRecord(collection, batch.view);
  const entries = collection.indexes.map((index) => entriesOf(index, added.document, record));
  claimUnique(batch, collection, entries, [], record);
  noteAllFlags(batch, collection, added.document, entries);
  batch.putLocked(keyOf(collection, record), added.bytes);
  const value = recordBytes(record);
  for (const list of entries) for (const entry of list) batch.view.put(entry.key, value);
  batch.operations.push({ ...operationOf(collection, 'insert', added.document.get('_id')), document: added.bytes });
  return record;
}

/**
 * Puts `after` in the place of `before`. Change streams are told what an update changed by `description`, and without one
 * of a replacement. Throws DuplicateKey and others before anything is changed.
 */
export function replaceRecord(
  batch: Batch,
  collection: Collection,
  record: number,
  before: Doc,
  after: NewDocument,
  description?: Doc,
): void {
  const old = collection.indexes.map((index) => entriesOf(index, before, record));
  const now = collection.indexes.map((index) => entriesOf(index, after.document, record));
  const key = keyOf(collection, record);
  batch.claim(key);
  claimUnique(batch, collection, now, old, record);
  noteAllFlags(batch, collection, after.document, now);
  batch.putLocked(key, after.bytes);
  const value = recordBytes(record);
  for (const [i, index] of collection.indexes.entries()) {
    const [had, has] = [keysOf(old[i]!), keysOf(now[i]!)];
    for (const [text, entry] of had) if (!has.has(text)) removeEntry(batch, index, entry);
    for (const [text, entry] of has) if (!had.has(text)) batch.view.put(entry.key, value);
  }
  const id = after.document.get('_id');
  if (description) batch.operations.push({ ...operationOf(collection, 'update', id), description });
  else batch.operations.push({ ...operationOf(collection, 'replace', id), document: after.bytes });
}

/** Entries by their keys as text. */
function keysOf(entries: IndexEntry[]): Map<string, IndexEntry> {
  return new Map(entries.map((entry) => [entry.key.toString('latin1'), entry]));
}

function removeEntry(batch: Batch, index: Index, { key }: IndexEntry): void {
  if (index.unique) batch.removeLocked(key);
  else batch.view.remove(key);
}

/** Removes a document and its index entries. */
export function removeRecord(batch: Batch, collection: Collection, record: number, before: Doc): void {
  batch.removeLocked(keyOf(collection, record));
  for (const index of collection.indexes) {
    for (const entry of entriesOf(index, before, record)) removeEntry(batch, index, entry);
  }
  batch.operations.push(operationOf(collection, 'delete', before.get('_id')));
}

function operationOf<T extends string>(collection: Collection, type: T, id: Value | undefined) {
  const { db, name, uuid } = collection;
  return { type, db, collection: name, uuid, ...(id === undefined ? {} : { id }) };
}

/** Adds the entries of a collection's documents to a new index; throws on a duplicate key and on parallel arrays. */
export function buildIndex(
  batch: Batch,
  collection: Collection,
  index: Index,
  documents: Iterable<{ record: number; document: Doc }>,
): void {
  for (const { record, document } of documents) {
    const entries = entriesOf(index, document, record);
    noteFlags(index, document, entries);
    for (const { key, values } of entries) {
      claimKey(batch, collection, index, key, values, record);
      batch.view.put(key, recordBytes(record));
    }
  }
}

/** Keeps an index's flags true for a document that is about to be stored; returns whether that changed them. */
function noteFlags(index: Index, document: Doc, entries: IndexEntry[]): boolean {
  if (entries.length === 0) return false;
  const { multikey, truncated } = index;
  index.multikey ||= index.paths.some((path) => meetsArray(document, path));
  index.truncated ||= entries.some((entry) => entry.truncated);
  return index.multikey !== multikey || index.truncated !== truncated;
}

function noteAllFlags(batch: Batch, { indexes }: Collection, document: Doc, entries: IndexEntry[][]): void {
  for (const [i, index] of indexes.entries())
    if (noteFlags(index, document, entries[i]!)) batch.catalog.unsavedFlags.add(index);
}

/** The entries of a document in an index. */
function entriesOf(index: Index, document: Doc, record: number): IndexEntry[] {
  if (index.holds && !index.holds(document)) return [];
  const lists = indexKeyValues(document, index.paths);
  const entries = lists.flatMap((values): IndexEntry[] => {
    if (index.sparse && values.every((value) => value === undefined)) return [];
    const { bytes, truncated } = encodeKey(values, index.directions);
    const suffix = index.unique ? (truncated ? keyHash(values) : undefined) : recordBytes(record);
    return [{ key: indexEntryKey(index.id, bytes, suffix), values, truncated }];
  });
  return entries.length > 1 ? [...keysOf(entries).values()] : entries;
}

/** Claims the unique keys that a document is to have and had not, or throws DuplicateKey. */
function claimUnique(
  batch: Batch,
  collection: Collection,
  now: IndexEntry[][],
  old: IndexEntry[][],
  record: number,
): void {
  for (const [i, index] of collection.indexes.entries()) {
    const had = keysOf(index.unique ? (old[i] ?? []) : []);
    for (const { key, values } of now[i]!)
      if (!had.has(key.toString('latin1'))) claimKey(batch, collection, index, key, values, record);
  }
}

function claimKey(
  batch: Batch,
  collection: Collection,
  index: Index,
  key: Buffer,
  values: (Value | undefined)[],
  record: number,
): void {
  const holder = index.unique ? batch.view.get(key) : undefined;
  if (holder !== undefined && recordOfBytes(holder) !== record) throw duplicateKey(collection, index, values);
  if (index.unique) batch.claim(key);
}

function duplicateKey(collection: Collection, index: Index, values: (Value | undefined)[]): MongoError {
  const keyValue = doc(Object.fromEntries(index.paths.map((path, i) => [path, values[i] ?? null])));
  const shown = [...keyValue].map(([path, value]) => `${path}: ${show(value)}`).join(', ');
  const message = `E11000 duplicate key error collection: ${collection.ns} index: ${index.name} dup key: { ${shown} }`;
  const fields = new Map<string, unknown>([
    ['keyPattern', index.key],
    ['keyValue', keyValue],
  ]);
  return mongoError('DuplicateKey', message, { fields });
}
