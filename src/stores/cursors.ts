import { ObjectId } from 'mongodb';
import { badInput } from '../errors';

/** The value of one sort key; null where a document has none of the key's kind. */
export type KeyValue = number | string | boolean | Date | null;

/** An id as other programs may have made it; ours are ObjectIds. */
export type AnyId = ObjectId | string | number;

/** A place in an ordered list: the values of its sort keys, and the id that breaks ties. */
export interface Position {
  values: KeyValue[];
  id: AnyId;
}

const VERSION = 1;
const LONGEST = 16_384;
const OBJECT_ID = /^[0-9a-f]{24}$/;

/** A value as JSON keeps it apart from others: `d` a date in milliseconds, `o` an ObjectId, `v` a value of JSON itself. */
type Tagged = ['d', number] | ['o', string] | ['v', number | string | boolean | null];

function tag(value: KeyValue | AnyId): Tagged {
  if (value instanceof Date) return ['d', value.getTime()];
  if (value instanceof ObjectId) return ['o', value.toHexString()];
  return ['v', value];
}

function untag(tagged: unknown): KeyValue | ObjectId | undefined {
  if (!Array.isArray(tagged) || tagged.length !== 2) return undefined;
  const [kind, value] = tagged as unknown[];
  if (kind === 'o') return typeof value === 'string' && OBJECT_ID.test(value) ? new ObjectId(value) : undefined;
  if (kind === 'd')
    return Number.isInteger(value) && Math.abs(value as number) <= 8.64e15 ? new Date(value as number) : undefined;
  if (kind !== 'v') return undefined;
  return value === null || ['number', 'string', 'boolean'].includes(typeof value) ? (value as KeyValue) : undefined;
}

/** The opaque cursor of a place: versioned, and bound to the name of its order. */
export function encodeCursor(order: string, { values, id }: Position): string {
  return Buffer.from(JSON.stringify([VERSION, order, values.map(tag), tag(id)])).toString('base64url');
}

/** The place that a cursor stands for; BAD_USER_INPUT for anything that is not a cursor of this order. */
export function decodeCursor(order: string, keys: number, cursor: string, path: string): Position {
  const fields = cursor.length <= LONGEST ? parse(cursor) : undefined;
  if (!Array.isArray(fields) || fields.length !== 4) {
    throw badInput(path, 'is not a cursor; take one from `pageInfo` or an edge of the same list');
  }
  const [version, name, taggedValues, taggedId] = fields as unknown[];
  if (version !== VERSION || name !== order) {
    throw badInput(path, `is a cursor of another list or order; this one is ordered by ${order}`);
  }
  const values = Array.isArray(taggedValues) && taggedValues.length === keys ? taggedValues.map(untag) : [undefined];
  const id = untag(taggedId);
  const isId = id instanceof ObjectId || typeof id === 'string' || typeof id === 'number';
  if (!isId || values.some((value) => value === undefined || value instanceof ObjectId)) {
    throw badInput(path, 'is a damaged cursor; take one from `pageInfo` or an edge of the same list');
  }
  return { values: values as KeyValue[], id };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
