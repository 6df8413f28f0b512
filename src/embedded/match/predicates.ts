import { MongoError, mongoError } from '../errors';
import { truncate, unpack } from '../values/decimal';
import { compare, equal, RANK, typeRank } from '../values/compare';
import {
  asNumber,
  BSON_TYPE,
  BSONRegExp,
  BSONSymbol,
  Decimal128,
  isNumeric,
  MaxKey,
  MinKey,
  ObjectId,
  typeName,
  Undefined,
  type TypeName,
  type Value,
} from '../values/value';
import { compileRegex } from './regex';
import type { ValueTest } from './traverse';

export type Comparison = '$eq' | '$gt' | '$gte' | '$lt' | '$lte';

function holds(operator: Comparison, order: number): boolean {
  switch (operator) {
    case '$eq':
      return order === 0;
    case '$gt':
      return order > 0;
    case '$gte':
      return order >= 0;
    case '$lt':
      return order < 0;
    case '$lte':
      return order <= 0;
  }
}

function isNaNValue(v: Value | undefined): boolean {
  return isNumeric(v) && Number.isNaN(asNumber(v));
}

/** A comparison as a filter makes it: only values of the same kind compare, and NaN only equals NaN. */
export function comparison(operator: Comparison, wanted: Value): ValueTest {
  if (wanted instanceof Undefined) throw mongoError('BadValue', 'cannot compare to undefined');
  if (wanted instanceof BSONRegExp && operator !== '$eq')
    throw mongoError('BadValue', `Can't have RegEx as arg to predicate over field with ${operator}`);
  const rank = typeRank(wanted);
  const orEqual = operator === '$eq' || operator === '$gte' || operator === '$lte';
  if (wanted === null) return (v) => orEqual && (v == null || v instanceof Undefined);
  if (wanted instanceof MinKey || wanted instanceof MaxKey) {
    const below = wanted instanceof MaxKey && (operator === '$lt' || operator === '$lte');
    const above = wanted instanceof MinKey && (operator === '$gt' || operator === '$gte');
    return (v) => (typeRank(v) === rank ? orEqual : below || above);
  }
  if (isNaNValue(wanted)) return (v) => orEqual && isNaNValue(v);
  if (typeof wanted === 'string' && operator === '$eq')
    return (v) => v === wanted || (v instanceof BSONSymbol && v.value === wanted);
  return (v) => typeRank(v) === rank && !isNaNValue(v) && holds(operator, compare(v, wanted));
}

/** A string, symbol or equal regular expression passes. */
export function regexTest(pattern: string, options: string): ValueTest {
  const regex = compileRegex(pattern, options);
  return (v) => {
    if (typeof v === 'string') return regex.test(v);
    if (v instanceof BSONSymbol) return regex.test(v.value);
    return v instanceof BSONRegExp && v.pattern === pattern && v.options === options;
  };
}

/** A string that stands for a value among the equal ones of its kind, for the kinds that are cheap to write so. */
function lookupKey(v: Value | undefined): string | number | undefined {
  if (typeof v === 'string') return `s${v}`;
  if (typeof v === 'number') return v === 0 ? 0 : v;
  if (v instanceof ObjectId) return `o${v.toHexString()}`;
  if (v !== undefined && isNumeric(v) && !(v instanceof Decimal128)) {
    const n = asNumber(v)!;
    return Number.isSafeInteger(n) ? n : undefined;
  }
  return undefined;
}

/** Membership in a list; regular expressions in it match strings. */
export function inTest(operator: string, list: Value): ValueTest {
  if (!Array.isArray(list)) throw mongoError('BadValue', `${operator} needs an array`);
  const exact = new Set<string | number>();
  const others: Value[] = [];
  const regexes: ValueTest[] = [];
  let hasNull = false;
  for (const wanted of list) {
    if (wanted instanceof Undefined) throw mongoError('BadValue', `cannot compare to undefined`);
    if (wanted instanceof Map && [...wanted.keys()][0]?.startsWith('$') && !isDBRef(wanted))
      throw mongoError('BadValue', `cannot nest $ under ${operator}`);
    if (wanted instanceof BSONRegExp) regexes.push(regexTest(wanted.pattern, wanted.options));
    else if (wanted === null) hasNull = true;
    const key = lookupKey(wanted);
    if (key !== undefined) exact.add(key);
    else others.push(wanted);
  }
  return (v) => {
    if (v === undefined) return hasNull;
    const key = lookupKey(v);
    if (key !== undefined && exact.has(key)) return true;
    for (const wanted of others) if (equal(v, wanted)) return true;
    // A number that has no key of its own may still equal one that has.
    if (key === undefined && typeRank(v) === RANK.number) return list.some((wanted) => equal(v, wanted));
    if (v instanceof BSONSymbol && exact.has(`s${v.value}`)) return true;
    for (const test of regexes) if (test(v)) return true;
    return false;
  };
}

/** A document of the form {$ref, $id}, which is a plain value although its names begin with $. */
export function isDBRef(v: Map<string, Value>): boolean {
  const keys = [...v.keys()];
  return keys[0] === '$ref' || (keys[0] === '$id' && v.has('$ref'));
}

function typeSet(v: Value): TypeName[] {
  const numeric: TypeName[] = ['double', 'int', 'long', 'decimal'];
  if (typeof v === 'string') {
    if (v === 'number') return numeric;
    if (!Object.hasOwn(BSON_TYPE, v)) throw mongoError('BadValue', `Unknown type name alias: ${v}`);
    return [v as TypeName];
  }
  const code = asNumber(v);
  if (code === undefined) throw mongoError('TypeMismatch', 'type must be represented as a number or a string');
  const known = Object.entries(BSON_TYPE).find(([, n]) => n === code);
  if (!known) throw mongoError('BadValue', `Invalid numerical type code: ${code}`);
  return [known[0] as TypeName];
}

/** `$type`: a name, a number or a list of them. */
export function typeTest(wanted: Value): ValueTest {
  const names = new Set((Array.isArray(wanted) ? wanted : [wanted]).flatMap(typeSet));
  if (names.size === 0) throw mongoError('FailedToParse', '$type must match at least one type');
  return (v) => v !== undefined && names.has(typeName(v));
}

/** `$size`: tests an array as a whole. */
export function sizeTest(v: Value): ValueTest {
  const size = asNumber(v);
  if (size === undefined || !Number.isInteger(size)) throw mongoError('BadValue', '$size must be a whole number');
  if (size < 0) throw mongoError('BadValue', '$size may not be negative');
  return (value) => Array.isArray(value) && value.length === size;
}

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** A number as an int64 without its fraction, out-of-range ones clamped; undefined for NaN and infinities. */
export function toLong(v: Value): bigint | undefined {
  if (typeof v === 'bigint') return v;
  if (v instanceof Decimal128) {
    const n = truncate(unpack(v));
    return n === undefined ? undefined : n > LONG_MAX ? LONG_MAX : n < LONG_MIN ? LONG_MIN : n;
  }
  const n = asNumber(v);
  if (n === undefined || !Number.isFinite(n)) return undefined;
  if (n >= 2 ** 63) return LONG_MAX;
  return n < -(2 ** 63) ? LONG_MIN : BigInt(Math.trunc(n));
}

/** `$mod`: [divisor, remainder]. */
export function modTest(v: Value): ValueTest {
  if (!Array.isArray(v)) throw mongoError('BadValue', 'malformed mod, needs to be an array');
  if (v.length < 2) throw mongoError('BadValue', 'malformed mod, not enough elements');
  if (v.length > 2) throw mongoError('BadValue', 'malformed mod, too many elements');
  if (!isNumeric(v[0])) throw mongoError('BadValue', 'malformed mod, divisor not a number');
  if (!isNumeric(v[1])) throw mongoError('BadValue', 'malformed mod, remainder not a number');
  const divisor = toLong(v[0]);
  const remainder = toLong(v[1]);
  if (divisor === undefined) throw mongoError('BadValue', 'malformed mod, divisor value is invalid');
  if (remainder === undefined) throw mongoError('BadValue', 'malformed mod, remainder value is invalid');
  if (divisor === 0n) throw mongoError('BadValue', 'divisor cannot be 0');
  return (value) => {
    if (!isNumeric(value)) return false;
    // MongoDB's integer for NaN and the infinities is the least one, which is even.
    return (toLong(value) ?? LONG_MIN) % divisor === remainder;
  };
}

/** What `$exists` takes as true. */
export function truthy(v: Value | undefined): boolean {
  if (v == null || v === false || v instanceof Undefined) return false;
  return !isNumeric(v) || asNumber(v) !== 0;
}

/** Flags of `$regex` given beside it or inside a regular expression value. */
export function regexFrom(pattern: Value, options: Value | undefined): ValueTest {
  if (options !== undefined && typeof options !== 'string') throw mongoError('BadValue', '$options has to be a string');
  if (typeof pattern === 'string') return regexTest(pattern, options ?? '');
  if (!(pattern instanceof BSONRegExp)) throw mongoError('BadValue', '$regex has to be a string');
  if (options !== undefined && pattern.options !== '')
    throw new MongoError(51074, 'options set in both $regex and $options');
  return regexTest(pattern.pattern, options ?? pattern.options);
}
