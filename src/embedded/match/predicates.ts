import { ensure } from '../errors';
import { compare } from '../values/compare';
import { truncate } from '../values/decimal';
import { groupKey } from '../values/keys';
import { asNumber, BSONRegExp, isDoc, isNumeric, MaxKey, MinKey, typeName, typeRank, TYPES } from '../values/value';
import type { Doc, TypeName, Value } from '../values/value';
import { show } from '../values/show';
import { compileRegex } from './regex';
import type { ValueTest } from './traverse';

const HOLDS = {
  $eq: (order: number) => order === 0,
  $gt: (order: number) => order > 0,
  $gte: (order: number) => order >= 0,
  $lt: (order: number) => order < 0,
  $lte: (order: number) => order <= 0,
};

function isNaNValue(v: Value | undefined): boolean {
  return isNumeric(v) && Number.isNaN(asNumber(v));
}

/** A comparison as a filter makes it: only values of the same kind compare, and NaN only equals NaN. */
export function comparison(operator: keyof typeof HOLDS, wanted: Value): ValueTest {
  const regex = wanted instanceof BSONRegExp && operator !== '$eq';
  ensure(!regex, 'BadValue', `Can't have RegEx as arg to predicate over field with ${operator}`);
  const rank = typeRank(wanted);
  const holds = HOLDS[operator];
  const orEqual = holds(0);
  if (wanted === null) return (v) => orEqual && v == null;
  if (wanted instanceof MinKey || wanted instanceof MaxKey) {
    const others = wanted instanceof MaxKey ? holds(-1) : holds(1);
    return (v) => (typeRank(v) === rank ? orEqual : operator !== '$eq' && others);
  }
  if (isNaNValue(wanted)) return (v) => orEqual && isNaNValue(v);
  if (typeof wanted === 'string' && operator === '$eq') return (v) => v === wanted;
  return (v) => typeRank(v) === rank && !isNaNValue(v) && holds(compare(v, wanted));
}

/** A string or equal regular expression passes. */
export function regexTest({ pattern, options }: { pattern: string; options: string }): ValueTest {
  const regex = compileRegex(pattern, options);
  return (v) =>
    typeof v === 'string' ? regex.test(v) : v instanceof BSONRegExp && v.pattern === pattern && v.options === options;
}

/** Membership in a list; regular expressions in it match strings. */
export function inTest(list: Value): ValueTest {
  ensure(Array.isArray(list), 'BadValue', '$in and $nin need an array');
  ensure(!list.some(isOperatorDocument), 'BadValue', 'cannot nest $ under $in and $nin');
  const known = new Set(list.map(groupKey));
  const regexes = list.filter((wanted) => wanted instanceof BSONRegExp).map(regexTest);
  const hasNull = list.includes(null);
  return (v) => (v === undefined ? hasNull : known.has(groupKey(v)) || regexes.some((test) => test(v)));
}

/** True for a document whose first field name is an operator, so that it is no plain value; {$ref, $id} is one. */
export function isOperatorDocument(v: Value | undefined): v is Doc {
  if (!isDoc(v)) return false;
  const first: string = v.keys().next().value ?? '';
  return first.startsWith('$') && first !== '$ref' && !(first === '$id' && v.has('$ref'));
}

function typeSet(v: Value): TypeName[] {
  if (v === 'number') return ['double', 'int', 'long', 'decimal'];
  const code = asNumber(v);
  ensure(typeof v === 'string' || code !== undefined, 'TypeMismatch', 'type must be a number or a string');
  const known = Object.entries(TYPES).find(([name, type]) => name === v || type.code === code);
  ensure(known, 'BadValue', `Unknown type name alias or code: ${show(v)}`);
  return [known[0] as TypeName];
}

/** `$type`: a name, a number or a list of them. */
export function typeTest(wanted: Value): ValueTest {
  const names = new Set((Array.isArray(wanted) ? wanted : [wanted]).flatMap(typeSet));
  ensure(names.size > 0, 'FailedToParse', '$type must match at least one type');
  return (v) => v !== undefined && names.has(typeName(v));
}

/** `$size`: tests an array as a whole. */
export function sizeTest(v: Value): ValueTest {
  const size = asNumber(v);
  ensure(Number.isInteger(size), 'BadValue', '$size must be a whole number');
  ensure(size! >= 0, 'BadValue', '$size may not be negative');
  return (value) => Array.isArray(value) && value.length === size;
}

/** A number as an int64 without its fraction, out-of-range ones clamped; undefined for NaN and infinities. */
function toLong(v: Value | undefined): bigint | undefined {
  const n = isNumeric(v) ? truncate(v) : undefined;
  if (n === undefined || BigInt.asIntN(64, n) === n) return n;
  return n > 0n ? 2n ** 63n - 1n : -(2n ** 63n);
}

/** `$mod`: [divisor, remainder]. */
export function modTest(v: Value): ValueTest {
  ensure(Array.isArray(v) && v.length === 2, 'BadValue', 'malformed mod, needs to be an array of two elements');
  const [divisor, remainder] = v.map(toLong);
  ensure(divisor !== undefined, 'BadValue', 'malformed mod, divisor value is invalid');
  ensure(remainder !== undefined, 'BadValue', 'malformed mod, remainder value is invalid');
  ensure(divisor !== 0n, 'BadValue', 'divisor cannot be 0');
  // MongoDB's integer for NaN and the infinities is the least one, which is even.
  return (value) => isNumeric(value) && (toLong(value) ?? -(2n ** 63n)) % divisor === remainder;
}

/** `$regex`, with the options given beside it or inside a regular expression value. */
export function regexFrom(pattern: Value, options: Value | undefined): ValueTest {
  ensure(options === undefined || typeof options === 'string', 'BadValue', '$options has to be a string');
  if (typeof pattern === 'string') return regexTest({ pattern, options: options ?? '' });
  ensure(pattern instanceof BSONRegExp, 'BadValue', '$regex has to be a string');
  ensure(options === undefined || pattern.options === '', 51074, 'options set in both $regex and $options');
  return regexTest({ pattern: pattern.pattern, options: options ?? pattern.options });
}
