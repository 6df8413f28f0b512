import type { Engine } from '../engine';
import { indexFlagsKey, type Collection, type Index } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import type { Operation } from '../storage/oplog';
import type { Writer } from '../storage/store';

/** Removes a collection with its documents and indexes, within a definition. */
export function removeCollection(
  engine: Engine,
  collection: Collection,
  writer: Writer,
  operations: Operation[],
): void {
  clear(writer, ...numberedRange(TABLE.documents, collection.id));
  for (const index of collection.indexes) removeIndex(index, writer);
  engine.catalog.remove(collection, writer);
  operations.push({ type: 'drop', db: collection.db, collection: collection.name, uuid: collection.uuid });
}

/** Removes an index's entries; taking it out of its collection is the caller's affair. */
export function removeIndex(index: Index, writer: Writer): void {
  clear(writer, ...numberedRange(TABLE.indexes, index.id));
  writer.remove(indexFlagsKey(index.id));
}

function clear(writer: Writer, start: Buffer, end: Buffer): void {
  for (const key of [...writer.range(start, end)].map((entry) => entry.key)) writer.remove(key);
}
