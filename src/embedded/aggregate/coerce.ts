import { MongoError, mongoError } from '../errors';
import { asDecimal, fitsLong, integer } from '../values/arithmetic';
import { exact } from '../values/compare';
import { pack, truncate } from '../values/decimal';
import {
  asNumber,
  Binary,
  Decimal128,
  Int32,
  isNumeric,
  ObjectId,
  Timestamp,
  typeName,
  Undefined,
  type Value,
} from '../values/value';
import { formatDate, parseDate } from './dates';

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

function failed(message: string): Error {
  return mongoError('ConversionFailure', message);
}

function unsupported(v: Value, to: string): Error {
  return failed(`Unsupported conversion from ${typeName(v)} to ${to} in $convert with no onError value`);
}

function parseNumber(text: string, to: string): string {
  if (!/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$|^[-+]?(inf|infinity|nan)$/i.test(text))
    throw failed(`Failed to parse number '${text}' in $convert with no onError value: conversion to ${to}`);
  return text;
}

function toInteger(v: Value, to: 'int' | 'long'): Value {
  let n: bigint | undefined;
  if (typeof v === 'boolean') n = v ? 1n : 0n;
  else if (isNumeric(v)) n = truncate(exact(v));
  else if (typeof v === 'string') {
    if (!/^[-+]?\d+$/.test(v)) throw failed(`Failed to parse number '${v}' in $convert with no onError value`);
    n = BigInt(v.replace(/^\+/, ''));
  } else if (v instanceof Date && to === 'long') n = BigInt(v.getTime());
  else throw unsupported(v, to);
  if (n === undefined) throw failed(`Attempt to convert a number that is not finite to ${to}`);
  const result = fitsLong(n) ? integer(n, to === 'long') : undefined;
  if (result === undefined || (to === 'int' && typeof result === 'bigint'))
    throw failed(`Conversion would overflow target type in $convert with no onError value: ${n}`);
  return result;
}

function toDoubleValue(v: Value): Value {
  if (typeof v === 'boolean') return v ? 1 : 0;
  if (v instanceof Date) return v.getTime();
  if (typeof v === 'string') return Number(parseNumber(v, 'double').replace(/^([-+]?)inf$/i, '$1Infinity'));
  const n = isNumeric(v) ? asNumber(v) : undefined;
  if (n === undefined) throw unsupported(v, 'double');
  return n;
}

function toDecimalValue(v: Value): Value {
  if (typeof v === 'boolean') return Decimal128.fromString(v ? '1' : '0');
  if (v instanceof Date) return Decimal128.fromString(String(v.getTime()));
  if (typeof v === 'string') return Decimal128.fromString(parseNumber(v, 'decimal'));
  if (isNumeric(v)) return v instanceof Decimal128 ? v : pack(asDecimal(v));
  throw unsupported(v, 'decimal');
}

/** A double as mongod prints it in strings. */
function doubleText(n: number): string {
  return Number.isFinite(n) || Number.isNaN(n) ? String(n) : n > 0 ? 'Infinity' : '-Infinity';
}

function toStringValue(v: Value): string {
  if (typeof v === 'string') return v;
  if (typeof v === 'boolean') return String(v);
  if (typeof v === 'number') return doubleText(v);
  if (typeof v === 'bigint' || v instanceof Int32 || v instanceof Decimal128) return v.toString();
  if (v instanceof ObjectId) return v.toHexString();
  if (v instanceof Date) return formatDate(v, '%Y-%m-%dT%H:%M:%S.%LZ', 0);
  throw unsupported(v, 'string');
}

function toDateValue(v: Value): Date {
  if (v instanceof Date) return v;
  if (v instanceof ObjectId) return v.getTimestamp();
  if (v instanceof Timestamp) return new Date(v.t * 1000);
  if (typeof v === 'string') return parseDate(v);
  if (isNumeric(v) && !(v instanceof Int32)) {
    const date = new Date(Math.trunc(asNumber(v)!));
    if (!Number.isNaN(date.getTime())) return date;
    throw failed('a number is out of the range of dates in $convert with no onError value');
  }
  throw unsupported(v, 'date');
}

function toObjectIdValue(v: Value): ObjectId {
  if (v instanceof ObjectId) return v;
  if (typeof v !== 'string') throw unsupported(v, 'objectId');
  if (!/^[0-9a-fA-F]{24}$/.test(v))
    throw failed(`Failed to parse objectId '${v}' in $convert with no onError value: it must be 24 hex digits`);
  return new ObjectId(v);
}

/** `$convert` to a type by its name; throws 241 (ConversionFailure). */
export function convert(v: Value, to: string): Value {
  switch (to) {
    case 'double':
      return toDoubleValue(v);
    case 'string':
      return toStringValue(v);
    case 'objectId':
      return toObjectIdValue(v);
    case 'bool':
      return v instanceof Binary || typeof v === 'string' ? true : toBoolean(v);
    case 'date':
      return toDateValue(v);
    case 'int':
    case 'long':
      return toInteger(v, to);
    case 'decimal':
      return toDecimalValue(v);
    default:
      throw mongoError('BadValue', `Unknown type name: ${to}`);
  }
}

/** A value as text inside $concat-like operators ($toLower, $substr): numbers and dates are printed, null is empty. */
export function coerceToString(v: Value | undefined, operator: string): string {
  if (nullish(v)) return '';
  if (typeof v === 'string' || isNumeric(v) || v instanceof Date) return toStringValue(v);
  throw new MongoError(16007, `can't convert from BSON type ${typeOf(v)} to String in ${operator}`);
}
