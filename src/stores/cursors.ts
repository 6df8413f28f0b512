import { Decimal128, Long, ObjectId } from 'mongodb';
import { badInput } from '../errors';

/**
 * The value of one sort key; null where a document has none of the key's kind. Long and Decimal128 are what the driver
 * gives for numbers that a double doesn't hold.
 */
export type KeyValue = number | Long | Decimal128 | string | boolean | Date | null;

/** An id as other programs may have made it; ours are ObjectIds. */
export type AnyId = ObjectId | string | number;

/** A place in an ordered list: the values of its sort keys, and the id that breaks ties. */
export interface Position {
  values: KeyValue[];
  id: AnyId;
}

const VERSION = 1;
/** A text that a list is ordered by may be long, and its cursor carries it. */
const LONGEST = 4_000_000;
/** The last moment that a Date holds, in milliseconds. */
const LATEST = 8.64e15;

/**
 * A value as JSON keeps it apart from others: `d` a date in milliseconds, `o` an ObjectId, `i` an infinity, `l` a Long and
 * `m` a Decimal128 in their own notation, `v` a value of JSON itself.
 */
type Tagged = ['d', number] | ['o' | 'i' | 'l' | 'm', string] | ['v', number | string | boolean | null];

function tag(value: KeyValue | AnyId): Tagged {
  if (value instanceof Date) return ['d', value.getTime()];
  if (value instanceof ObjectId) return ['o', value.toHexString()];
  if (value instanceof Long) return ['l', value.toString()];
  if (value instanceof Decimal128) return ['m', value.toString()];
  if (value === Infinity || value === -Infinity) return ['i', String(value)];
  return ['v', value];
}

const FROM_TEXT: Record<string, { form: RegExp; read: (text: string) => KeyValue | ObjectId }> = {
  o: { form: /^[0-9a-f]{24}$/, read: (text) => new ObjectId(text) },
  i: { form: /^-?Infinity$/, read: Number },
  l: { form: /^-?\d{1,19}$/, read: (text) => Long.fromString(text) },
  m: { form: /^-?(\d{1,34}(\.\d{1,34})?(E[+-]?\d{1,4})?|Infinity)$/, read: (text) => Decimal128.fromString(text) },
};

/** Undefined for what `tag` doesn't make. */
function untag(tagged: unknown): KeyValue | ObjectId | undefined {
  if (!Array.isArray(tagged) || tagged.length !== 2) return undefined;
  const [kind, value] = tagged as unknown[];
  if (kind === 'd') {
    return Number.isInteger(value) && Math.abs(value as number) <= LATEST ? new Date(value as number) : undefined;
  }
  if (kind === 'v') {
    return value === null || ['number', 'string', 'boolean'].includes(typeof value) ? (value as KeyValue) : undefined;
  }
  const textual = typeof kind === 'string' && Object.hasOwn(FROM_TEXT, kind) ? FROM_TEXT[kind] : undefined;
  if (!textual || typeof value !== 'string' || !textual.form.test(value)) return undefined;
  try {
    return textual.read(value);
  } catch {
    return undefined;
  }
}

/** What a cursor is bound to: the order by name, and the moment by which it is judged, where it is. */
export interface CursorOrder {
  name: string;
  keys: { length: number };
  moment?: Date;
}

/** The opaque cursor of a place: versioned, and bound to its order. */
export function encodeCursor({ name, moment }: CursorOrder, { values, id }: Position): string {
  const fields = [VERSION, name, values.map(tag), tag(id), ...(moment ? [moment.getTime()] : [])];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** The moment that a cursor carries; undefined where it carries none, and for what is no cursor. */
export function momentOf(cursor: string): Date | undefined {
  const fields = parse(cursor);
  const moment: unknown = Array.isArray(fields) && fields.length === 5 ? fields[4] : undefined;
  return Number.isInteger(moment) && (moment as number) >= 0 && (moment as number) <= LATEST
    ? new Date(moment as number)
    : undefined;
}

/** The place that a cursor stands for; BAD_USER_INPUT for anything that is not a cursor of this order. */
export function decodeCursor(order: CursorOrder, cursor: string, path: string): Position {
  const fields = parse(cursor);
  if (!Array.isArray(fields) || fields.length < 4 || fields.length > 5) {
    throw badInput(path, 'is not a cursor; take one from `pageInfo` or an edge of the same list');
  }
  const [version, name, taggedValues, taggedId, moment] = fields as unknown[];
  if (version !== VERSION || name !== order.name) {
    throw badInput(path, `is a cursor of another list or order; this one is ordered by ${order.name}`);
  }
  if (moment !== order.moment?.getTime()) {
    throw badInput(
      path,
      'is a cursor of another walk: both cursors of a call must come from pages after one first page',
    );
  }
  const { length } = order.keys;
  const values = Array.isArray(taggedValues) && taggedValues.length === length ? taggedValues.map(untag) : [undefined];
  const id = untag(taggedId);
  const isId = id instanceof ObjectId || typeof id === 'string' || typeof id === 'number';
  if (!isId || values.some((value) => value === undefined || value instanceof ObjectId)) {
    throw badInput(path, 'is a damaged cursor; take one from `pageInfo` or an edge of the same list');
  }
  return { values: values as KeyValue[], id };
}

function parse(cursor: string): unknown {
  if (cursor.length > LONGEST) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
