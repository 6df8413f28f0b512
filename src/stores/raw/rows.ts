import type { AbstractCursor, Document } from 'mongodb';
import { HEAD, int32At, objectAt } from './bson';
import { Locator } from './locator';
import { startsWithId } from './stored';

/** A row of an answer as the database sent it: an object that begins at `from`. */
export interface RawRow {
  readonly bytes: Buffer;
  readonly from: number;
}

/** Makes a record of the document at a place; undefined where none can be made. */
export type ReadRow<T> = (bytes: Buffer, from: number) => T | undefined;

/** A row of a cursor that was opened with `raw`: the driver's types don't say that its documents are bytes then. */
export function toRow(raw: Document): RawRow {
  const bytes = raw as Uint8Array;
  return { bytes: Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), from: 0 };
}

const LOCATORS = {
  row: new Locator(['row']),
  result: new Locator(['result']),
  branch: new Locator(['branch']),
};

/** Where a field's value begins that every row of a pipeline has. */
export function placeOf(name: keyof typeof LOCATORS, { bytes, from }: RawRow): number {
  const locator = LOCATORS[name];
  locator.locate(bytes, from, true);
  return locator.places[0]!;
}

/** A number that a pipeline wrote as int32. */
export function numberAt(name: keyof typeof LOCATORS, row: RawRow): number {
  return int32At(row.bytes, placeOf(name, row));
}

/** Where the objects begin that are in the list at a place. */
export function itemsAt(bytes: Buffer, from: number): number[] {
  const items: number[] = [];
  const end = from + int32At(bytes, from) - 1;
  for (let at = from + HEAD; at < end; at += int32At(bytes, at)) {
    at = bytes.indexOf(0, at + 1) + 1;
    items.push(at);
  }
  return items;
}

/** The `_id` of a row as text. */
export function idOf({ bytes, from }: RawRow): string {
  return startsWithId(bytes, from) ? bytes.toString('hex', from + 9, from + 21) : String(objectAt(bytes, from)._id);
}

/** The records of a cursor that was opened with `raw`; documents that `read` can't represent are left out. */
export async function readAll<T>(cursor: AbstractCursor<Document>, read: ReadRow<T>): Promise<T[]> {
  const records: T[] = [];
  for (const raw of await cursor.toArray()) {
    const record = read(toRow(raw).bytes, 0);
    if (record !== undefined) records.push(record);
  }
  return records;
}
