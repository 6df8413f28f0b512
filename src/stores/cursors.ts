import { ObjectId } from 'mongodb';
import { badInput } from '../errors';

/**
 * A place in an ordered list: the value of the sort field (null where a document has none of the order's kind) and the
 * id that breaks ties. Documents written by others may have ids that are not ObjectIds.
 */
export interface Position {
  value: number | string | Date | null;
  id: ObjectId | string | number;
}

const VERSION = 1;
const LONGEST = 4_096;
const OBJECT_ID = /^[0-9a-f]{24}$/;

type Tagged = ['d', number] | ['v', number | string | null];
type TaggedId = ['o', string] | ['v', string | number];

/** The opaque cursor of a place: versioned, and bound to the name of its order. */
export function encodeCursor(order: string, { value, id }: Position): string {
  const taggedValue: Tagged = value instanceof Date ? ['d', value.getTime()] : ['v', value];
  const taggedId: TaggedId = id instanceof ObjectId ? ['o', id.toHexString()] : ['v', id];
  return Buffer.from(JSON.stringify([VERSION, order, taggedValue, taggedId])).toString('base64url');
}

/** The place that a cursor stands for; BAD_USER_INPUT for anything that is not a cursor of this order. */
export function decodeCursor(order: string, cursor: string, path: string): Position {
  const fields = cursor.length <= LONGEST ? parse(cursor) : undefined;
  if (!Array.isArray(fields) || fields.length !== 4) {
    throw badInput(path, 'is not a cursor; take one from `pageInfo` or an edge of the same list');
  }
  const [version, name, taggedValue, taggedId] = fields as unknown[];
  if (version !== VERSION || name !== order) {
    throw badInput(path, `is a cursor of another list or order; this one is ordered by ${order}`);
  }
  const value = untag<Position['value']>(taggedValue, {
    d: (item) => (Number.isInteger(item) ? new Date(item as number) : undefined),
    v: scalar,
  });
  const id = untag<Position['id']>(taggedId, {
    o: (item) => (typeof item === 'string' && OBJECT_ID.test(item) ? new ObjectId(item) : undefined),
    v: (item) => scalar(item) ?? undefined,
  });
  if (value === undefined || id === undefined || (value instanceof Date && Number.isNaN(value.getTime()))) {
    throw badInput(path, 'is a damaged cursor; take one from `pageInfo` or an edge of the same list');
  }
  return { value, id };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function scalar(item: unknown): number | string | null | undefined {
  return item === null || typeof item === 'number' || typeof item === 'string' ? item : undefined;
}

function untag<T>(tagged: unknown, readers: Record<string, (item: unknown) => T | undefined>): T | undefined {
  if (!Array.isArray(tagged) || tagged.length !== 2) return undefined;
  const [tag, item] = tagged as [unknown, unknown];
  return typeof tag === 'string' && Object.hasOwn(readers, tag) ? readers[tag]!(item) : undefined;
}
