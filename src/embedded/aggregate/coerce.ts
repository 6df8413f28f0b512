import { ensure, MongoError, mongoError } from '../errors';
import { fitsLong, integer } from '../values/arithmetic';
import { exact } from '../values/compare';
import { truncate } from '../values/decimal';
import { asNumber, Int32, isNumeric, ObjectId, Timestamp, typeName, Undefined, type Value } from '../values/value';

/** True for null, missing and BSON's undefined. */
export function nullish(v: Value | undefined): v is null | undefined | Undefined {
  return v == null || v instanceof Undefined;
}

/** An expression's value as a condition: false, null, missing and zero are false, all else is true. */
export function toBoolean(v: Value | undefined): boolean {
  if (nullish(v) || v === false) return false;
  return !isNumeric(v) || asNumber(v) !== 0;
}

/** The name of a value's type, `missing` included. */
export function typeOf(v: Value | undefined): string {
  return v === undefined ? 'missing' : typeName(v);
}

/** An integer argument of an operator such as $slice; `code` is mongod's code for anything else. */
export function integral(v: Value | undefined, code: number, what: string): number {
  const n = isNumeric(v) ? asNumber(v) : undefined;
  if (n === undefined || !Number.isInteger(n) || Math.abs(n) > 2147483648)
    throw new MongoError(code, `${what} must be representable as a 32-bit integer, but is ${typeOf(v)}`);
  return n;
}

/** A value that must be a string, or the error `code`. */
export function stringOf(v: Value | undefined, code: number, what: string): string {
  if (typeof v !== 'string') throw new MongoError(code, `${what} requires a string, found: ${typeOf(v)}`);
  return v;
}

function failed(v: Value, to: string): MongoError {
  const shown = typeof v === 'string' ? `'${v}'` : typeName(v);
  return mongoError('ConversionFailure', `Unsupported conversion from ${shown} to ${to} with no onError value`);
}

function toInteger(v: Value, to: 'int' | 'long'): Value {
  let n: bigint | undefined;
  if (typeof v === 'boolean') n = v ? 1n : 0n;
  else if (isNumeric(v)) n = truncate(exact(v));
  else if (typeof v === 'string' && /^[-+]?\d+$/.test(v)) n = BigInt(v.replace(/^\+/, ''));
  else if (v instanceof Date && to === 'long') n = BigInt(v.getTime());
  const result = n !== undefined && fitsLong(n) ? integer(n, to === 'long') : undefined;
  if (result === undefined || (to === 'int' && typeof result === 'bigint')) throw failed(v, to);
  return result;
}

function toDouble(v: Value): Value {
  if (typeof v === 'boolean') return v ? 1 : 0;
  if (v instanceof Date) return v.getTime();
  if (typeof v === 'string' && /^[-+]?((\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|Infinity|NaN)$/i.test(v)) return Number(v);
  const n = isNumeric(v) ? asNumber(v) : undefined;
  if (n === undefined) throw failed(v, 'double');
  return n;
}

function toText(v: Value): string {
  if (typeof v === 'string') return v;
  if (typeof v === 'boolean' || isNumeric(v)) return v.toString();
  if (v instanceof ObjectId) return v.toHexString();
  if (v instanceof Date) return v.toISOString();
  throw failed(v, 'string');
}

/** ISO 8601: a date, or a date and a time with an optional zone (UTC without one). */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[-+]\d\d:?\d\d)?)?$/i;

function toDate(v: Value): Date {
  if (v instanceof Date || v instanceof ObjectId || v instanceof Timestamp) return momentOf(v);
  let date = new Date(NaN);
  if (typeof v === 'string') {
    const [, day, time = '00:00', zone = 'Z'] = ISO.exec(v.trim()) ?? [];
    date = new Date(`${day}T${time}${zone.replace(/^([-+]\d\d)(\d\d)$/, '$1:$2')}`);
  } else if (isNumeric(v) && !(v instanceof Int32)) date = new Date(Math.trunc(asNumber(v)!));
  if (Number.isNaN(date.getTime())) throw failed(v, 'date');
  return date;
}

function toObjectId(v: Value): ObjectId {
  if (v instanceof ObjectId) return v;
  if (typeof v !== 'string' || !/^[0-9a-fA-F]{24}$/.test(v)) throw failed(v, 'objectId');
  return new ObjectId(v);
}

/** The moment of a date, a timestamp or an ObjectId; throws 16006 for anything else. */
export function momentOf(v: Value): Date {
  if (v instanceof Date) return v;
  if (v instanceof Timestamp) return new Date(v.t * 1000);
  ensure(v instanceof ObjectId, 16006, `can't convert from BSON type ${typeName(v)} to Date`);
  return v.getTimestamp();
}

/** What the operators $toInt and so on do with a value that is not null; each throws 241 (ConversionFailure). */
export const CONVERSIONS: Record<string, (v: Value) => Value> = {
  $toString: toText,
  $toDouble: toDouble,
  $toInt: (v) => toInteger(v, 'int'),
  $toLong: (v) => toInteger(v, 'long'),
  $toDate: toDate,
  $toObjectId: toObjectId,
};

/** A value as text inside $toLower, $substrCP and the like: numbers and dates are printed, null is empty. */
export function coerceToString(v: Value | undefined, operator: string): string {
  if (nullish(v)) return '';
  if (typeof v === 'string' || isNumeric(v) || v instanceof Date) return toText(v);
  throw new MongoError(16007, `can't convert from BSON type ${typeOf(v)} to String in ${operator}`);
}
