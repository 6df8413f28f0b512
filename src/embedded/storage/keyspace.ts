/**
 * The layout of the one ordered key space that everything is stored in. The first byte is the table:
 *   1 meta        [1][name]
 *   2 catalog     [2][namespace]                                  → BSON of the collection and its indexes
 *   3 documents   [3][collection u32][record u48]                 → the raw BSON document
 *   4 indexes     [4][index u32][key][record u48 unless unique]   → record u48
 *   5 oplog       [5][timestamp u64][operation u32]               → see oplog.ts
 *   6 sessions    [6][session id]                                 → BSON of the last retryable write or transaction
 * All numbers are big-endian, so that bytewise order is numeric order.
 */
export const TABLE = { meta: 1, catalog: 2, documents: 3, indexes: 4, oplog: 5, sessions: 6 } as const;

const RECORD_BYTES = 6;

/** Key of a table's entry with a text name. */
export function namedKey(table: number, name: string): Buffer {
  return Buffer.concat([Buffer.of(table), Buffer.from(name, 'utf8')]);
}

/** First and one-past-last key of a whole table. */
export function tableRange(table: number): [Buffer, Buffer] {
  return [Buffer.of(table), Buffer.of(table + 1)];
}

/** A key of one collection or index: table, number, and the rest. */
function numberedKey(table: number, id: number, ...rest: Buffer[]): Buffer {
  const head = Buffer.of(table, 0, 0, 0, 0);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...rest]);
}

/** First and one-past-last key of one collection's documents or one index's entries. */
export function numberedRange(table: number, id: number): [Buffer, Buffer] {
  const prefix = numberedKey(table, id);
  return [prefix, successor(prefix)];
}

/** Key of a document. */
export function documentKey(collectionId: number, record: number): Buffer {
  return numberedKey(TABLE.documents, collectionId, recordBytes(record));
}

/** The record number at the end of a document's key. */
export function recordOfDocumentKey(key: Buffer): number {
  return key.readUIntBE(5, RECORD_BYTES);
}

/** A record number as an index entry's value. */
export function recordBytes(record: number): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES);
  bytes.writeUIntBE(record, 0, RECORD_BYTES);
  return bytes;
}

/** The record number that an index entry's value holds. */
export function recordOfBytes(bytes: Buffer): number {
  return bytes.readUIntBE(0, RECORD_BYTES);
}

/** Key of an index entry: `value` is the encoded key, `suffix` the record (plain index), a hash (long unique) or none. */
export function indexEntryKey(indexId: number, value: Buffer, suffix: Buffer = Buffer.alloc(0)): Buffer {
  return numberedKey(TABLE.indexes, indexId, value, suffix);
}

/** Key of an oplog entry; `instant` is a BSON timestamp as one 64-bit number. */
export function oplogKey(instant: bigint, operation: number): Buffer {
  const key = Buffer.allocUnsafe(13);
  key[0] = TABLE.oplog;
  key.writeBigUInt64BE(instant, 1);
  key.writeUInt32BE(operation, 9);
  return key;
}

/** Key of a session's record. */
export function sessionKey(id: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(TABLE.sessions), id]);
}

/** The smallest byte string that is greater than every string that starts with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return Buffer.alloc(prefix.length + 1, 0xff);
  const next = Buffer.from(prefix.subarray(0, end));
  next[end - 1] = (next[end - 1] ?? 0) + 1;
  return next;
}
