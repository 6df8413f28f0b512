import { ensure, mongoError } from '../errors';
import { fitsLong, integer } from '../values/arithmetic';
import { truncate } from '../values/decimal';
import { asNumber, isNumeric, ObjectId, Timestamp, typeName, Undefined, type Value } from '../values/value';

/** True for null, missing and BSON's undefined. */
export function nullish(v: Value | undefined): v is null | undefined | Undefined {
  return v == null || v instanceof Undefined;
}

/** An expression's value as a condition: false, null, missing and zero are false, all else is true. */
export function toBoolean(v: Value | undefined): boolean {
  return !nullish(v) && v !== false && !(isNumeric(v) && asNumber(v) === 0);
}

/** The name of a value's type, `missing` included. */
export function typeOf(v: Value | undefined): string {
  return v === undefined ? 'missing' : typeName(v);
}

function failed(v: Value, to: string): Error {
  const shown = typeof v === 'string' ? `'${v}'` : typeName(v);
  return mongoError('ConversionFailure', `Unsupported conversion from ${shown} to ${to} with no onError value`);
}

/** What $toInt does with a value that is not null; throws 241 (ConversionFailure). */
export function toInt(v: Value): Value {
  let n: bigint | undefined;
  if (typeof v === 'boolean') n = v ? 1n : 0n;
  else if (isNumeric(v)) n = truncate(v);
  else if (typeof v === 'string' && /^[-+]?\d+$/.test(v)) n = BigInt(v.replace(/^\+/, ''));
  const result = n !== undefined && fitsLong(n) ? integer(n, false) : undefined;
  if (result === undefined || typeof result === 'bigint') throw failed(v, 'int');
  return result;
}

/** What $toDouble does with a value that is not null; throws 241 (ConversionFailure). */
export function toDouble(v: Value): Value {
  if (typeof v === 'boolean') return v ? 1 : 0;
  if (v instanceof Date) return v.getTime();
  if (typeof v === 'string' && /^[-+]?((\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|Infinity|NaN)$/i.test(v)) return Number(v);
  const n = asNumber(v);
  if (n === undefined) throw failed(v, 'double');
  return n;
}

/** What $toString does with a value that is not null; throws 241 (ConversionFailure). */
export function toText(v: Value): string {
  if (typeof v === 'string') return v;
  if (typeof v === 'boolean' || isNumeric(v)) return v.toString();
  if (v instanceof ObjectId) return v.toHexString();
  if (v instanceof Date) return v.toISOString();
  throw failed(v, 'string');
}

/** The moment of a date, a timestamp or an ObjectId; throws 16006 for anything else. */
export function momentOf(v: Value): Date {
  if (v instanceof Date) return v;
  if (v instanceof Timestamp) return new Date(v.t * 1000);
  ensure(v instanceof ObjectId, 16006, `can't convert from BSON type ${typeName(v)} to Date`);
  return v.getTimestamp();
}
