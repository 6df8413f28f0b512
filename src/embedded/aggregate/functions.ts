import { ensure, MongoError, mongoError } from '../errors';
import {
  ADD,
  combine,
  fitsLong,
  integer,
  MULTIPLY,
  refuseDecimal,
  REMAINDER,
  SUBTRACT,
  type Numeric,
} from '../values/arithmetic';
import { compare, equal, exact } from '../values/compare';
import { toDouble, truncate } from '../values/decimal';
import { groupKey } from '../values/keys';
import { asNumber, doc, int, isDoc, isNumeric, type Doc, type Value } from '../values/value';
import { accumulate } from './accumulators';
import { coerceToString, CONVERSIONS, integral, nullish, stringOf, toBoolean, typeOf } from './coerce';

type Args = (Value | undefined)[];

/** An operator over evaluated arguments; missing ones are undefined. */
export interface Fn {
  min: number;
  max: number;
  apply: (args: Args) => Value | undefined;
}

/** An operator that gives null when any of its arguments is null or missing. */
function nullable(min: number, max: number, apply: (...args: Value[]) => Value | undefined): Fn {
  return { min, max, apply: (args) => (args.some(nullish) ? null : apply(...(args as Value[]))) };
}

function comparing(holds: (order: number) => boolean): Fn {
  return { min: 2, max: 2, apply: ([a, b]) => holds(compare(a, b)) };
}

function add(...args: Value[]): Value {
  const dates = args.filter((v) => v instanceof Date);
  ensure(dates.length < 2, 16612, 'only one date allowed in an $add expression');
  let total: Numeric = int(0);
  for (const v of args) {
    if (isNumeric(v)) total = combine(ADD, total, v) ?? asNumber(total)! + asNumber(v)!;
    else if (!(v instanceof Date)) throw new MongoError(16554, `$add supports numbers and dates, not ${typeOf(v)}`);
  }
  return dates[0] ? shifted(dates[0], asNumber(total)!) : total;
}

function shifted(date: Date, by: number): Date {
  const moved = new Date(date.getTime() + Math.trunc(by));
  if (Number.isNaN(moved.getTime())) throw mongoError('Overflow', 'date overflow');
  return moved;
}

function subtract(a: Value, b: Value): Value {
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  if (a instanceof Date && isNumeric(b)) return shifted(a, -asNumber(b)!);
  if (isNumeric(a) && isNumeric(b)) return combine(SUBTRACT, a, b) ?? asNumber(a)! - asNumber(b)!;
  throw new MongoError(16556, `can't $subtract ${typeOf(b)} from ${typeOf(a)}`);
}

function multiply(...args: Value[]): Value {
  return args.reduce<Numeric>((product, v) => {
    if (!isNumeric(v)) throw new MongoError(16555, `$multiply only supports numeric types, not ${typeOf(v)}`);
    return combine(MULTIPLY, product, v) ?? asNumber(product)! * asNumber(v)!;
  }, int(1));
}

function divide(a: Value, b: Value): Value {
  if (!isNumeric(a) || !isNumeric(b))
    throw new MongoError(16609, `$divide only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`);
  refuseDecimal('$divide', a, b);
  if (asNumber(b) === 0) throw new MongoError(16608, "can't $divide by zero");
  return asNumber(a)! / asNumber(b)!;
}

function modulo(a: Value, b: Value): Value {
  if (!isNumeric(a) || !isNumeric(b))
    throw new MongoError(16611, `$mod only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`);
  if (asNumber(b) === 0) throw new MongoError(16610, "can't $mod by zero");
  return combine(REMAINDER, a, b)!;
}

/** A function of one number that leaves integers as they are. */
function whole(name: string, apply: (x: number) => number): [string, Fn] {
  const run = (v: Value): Value => {
    if (typeof v === 'number') return apply(v);
    refuseDecimal(name, v);
    ensure(isNumeric(v), 28765, `${name} only supports numeric types, not ${typeOf(v)}`);
    return v;
  };
  return [name, nullable(1, 1, run)];
}

function absolute(v: Value): Value {
  if (typeof v === 'number') return Math.abs(v);
  ensure(isNumeric(v), 28765, `$abs only supports numeric types, not ${typeOf(v)}`);
  ensure(v !== -(2n ** 63n), 28680, "can't take $abs of long long min");
  return asNumber(v)! < 0 ? subtract(int(0), v) : v;
}

/** Rounds, half to even, to so many decimal places after the point (before it, when negative). */
function round(v: Value, given: Value = int(0)): Value {
  ensure(isNumeric(v), 51081, `$round only supports numeric types, not ${typeOf(v)}`);
  refuseDecimal('$round', v);
  const places = integral(given, 51082, 'precision of $round');
  ensure(places >= -20 && places <= 100, 51083, `$round's precision must be in [-20, 100], not ${places}`);
  const value = exact(v);
  if (typeof value === 'string' || -places <= value.exponent) return v;
  const unit = 10n ** BigInt(-places - value.exponent);
  const twice = (value.digits % unit) * 2n;
  let digits = value.digits / unit;
  if (twice > unit || (twice === unit && digits % 2n === 1n)) digits += 1n;
  const rounded = { negative: value.negative, digits, exponent: -places };
  if (typeof v === 'number') return toDouble(rounded);
  const n = truncate(rounded)!;
  ensure(fitsLong(n), 51080, 'invalid conversion: the rounded value does not fit an int64');
  return integer(n, typeof v === 'bigint');
}

/** ASCII letters only, as mongod folds case. */
const lower = (s: string): string => s.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (s: string): string => s.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

function substrCodePoints([v, start, length]: Args): Value {
  const from = integral(start, 34450, '$substrCP: starting index');
  const count = integral(length, 34452, '$substrCP: length');
  ensure(from >= 0, 34455, '$substrCP: the starting index must be nonnegative integer.');
  ensure(count >= 0, 34454, '$substrCP: length must be a nonnegative integer.');
  return [...coerceToString(v, '$substrCP')].slice(from, from + count).join('');
}

function split(v: Value, separator: Value): Value {
  const by = stringOf(separator, 40086, '$split');
  ensure(by !== '', 40087, '$split requires a non-empty separator');
  return stringOf(v, 40085, '$split').split(by);
}

function arrayOf(v: Value | undefined, code: number, what: string): Value[] {
  if (!Array.isArray(v)) throw new MongoError(code, `${what} must be an array, but is ${typeOf(v)}`);
  return v;
}

function slice(v: Value, position: Value, n?: Value): Value {
  const array = arrayOf(v, 28724, 'First argument to $slice');
  const first = integral(position, 28725, 'Second argument to $slice');
  if (n === undefined) return first < 0 ? array.slice(first) : array.slice(0, first);
  const count = integral(n, 28727, 'Third argument to $slice');
  ensure(count > 0, 28729, `Third argument to $slice must be positive: ${count}`);
  const start = first < 0 ? Math.max(0, array.length + first) : first;
  return array.slice(start, start + count);
}

/** The distinct values of arrays, by key. */
function distinct(values: Value[]): Map<string, Value> {
  return new Map(values.map((value): [string, Value] => [groupKey(value), value]).reverse());
}

/** Sets come in comparison order, as mongod's do. */
const ordered = (values: Map<string, Value>): Value[] => [...values.values()].sort(compare);

function union(...args: Value[]): Value {
  return ordered(distinct(args.flatMap((v) => arrayOf(v, 17043, 'All operands of $setUnion'))));
}

function intersection(...args: Value[]): Value {
  const [first, ...others] = args.map((v) => distinct(arrayOf(v, 17047, 'All operands of $setIntersection')));
  return ordered(new Map([...(first ?? [])].filter(([key]) => others.every((other) => other.has(key)))));
}

function objectToArray(v: Value): Value {
  ensure(isDoc(v), 40390, `$objectToArray requires a document input, found: ${typeOf(v)}`);
  return [...v].map(([k, value]) => doc({ k, v: value }));
}

function arrayToObject(v: Value): Value {
  const result: Doc = new Map();
  for (const entry of arrayOf(v, 40386, '$arrayToObject input')) {
    const pair = isDoc(entry) && entry.has('k') && entry.has('v') ? [entry.get('k'), entry.get('v')] : entry;
    const whole = Array.isArray(pair) && pair.length === 2 && !(isDoc(entry) && entry.size !== 2);
    ensure(whole, 40398, `$arrayToObject needs pairs, or objects with the keys k and v, not ${typeOf(entry)}`);
    const [name, value] = pair as [Value, Value];
    result.set(stringOf(name, 40395, '$arrayToObject keys'), value);
  }
  return result;
}

/** The element of an array at a position, from the end when that is negative. */
function at(name: string, v: Value, index: number): Value | undefined {
  return arrayOf(v, 28689, `${name}'s first argument`).at(index);
}

const unary = (apply: (v: Value | undefined) => Value | undefined): Fn => ({
  min: 1,
  max: 1,
  apply: ([v]) => apply(v),
});

/** The operators that evaluate a list of arguments. */
export const FUNCTIONS = new Map<string, Fn>([
  ['$eq', comparing((order) => order === 0)],
  ['$ne', comparing((order) => order !== 0)],
  ['$gt', comparing((order) => order > 0)],
  ['$gte', comparing((order) => order >= 0)],
  ['$lt', comparing((order) => order < 0)],
  ['$lte', comparing((order) => order <= 0)],
  ['$cmp', { min: 2, max: 2, apply: ([a, b]) => int(Math.sign(compare(a, b))) }],
  ['$not', unary((v) => !toBoolean(v))],
  ['$type', unary(typeOf)],
  ...Object.entries(CONVERSIONS).map(([name, to]): [string, Fn] => [name, nullable(1, 1, to)]),
  ...['$sum', '$avg', '$min', '$max', '$mergeObjects'].map((name): [string, Fn] => [
    name,
    { min: 0, max: Infinity, apply: (args) => accumulate(name, args) },
  ]),
  ['$add', nullable(0, Infinity, add)],
  ['$subtract', nullable(2, 2, subtract)],
  ['$multiply', nullable(0, Infinity, multiply)],
  ['$divide', nullable(2, 2, divide)],
  ['$mod', nullable(2, 2, modulo)],
  ['$abs', nullable(1, 1, absolute)],
  whole('$ceil', Math.ceil),
  whole('$floor', Math.floor),
  ['$round', nullable(1, 2, round)],
  ['$concat', nullable(0, Infinity, (...args) => args.map((v) => stringOf(v, 16702, '$concat')).join(''))],
  ['$toLower', unary((v) => lower(coerceToString(v, '$toLower')))],
  ['$toUpper', unary((v) => upper(coerceToString(v, '$toUpper')))],
  ['$substrCP', { min: 3, max: 3, apply: substrCodePoints }],
  ['$strLenCP', unary((v) => int([...stringOf(v, 34471, '$strLenCP')].length))],
  ['$split', nullable(2, 2, split)],
  ['$size', unary((v) => int(arrayOf(v, 17124, 'The argument to $size').length))],
  ['$isArray', unary((v) => Array.isArray(v))],
  ['$in', { min: 2, max: 2, apply: ([v, list]) => arrayOf(list, 40081, '$in').some((e) => equal(e, v)) }],
  ['$arrayElemAt', nullable(2, 2, (v, n) => at('$arrayElemAt', v, integral(n, 28690, '$arrayElemAt')))],
  ['$first', nullable(1, 1, (v) => at('$first', v, 0))],
  ['$last', nullable(1, 1, (v) => at('$last', v, -1))],
  ['$slice', nullable(2, 3, slice)],
  ['$concatArrays', nullable(0, Infinity, (...args) => args.flatMap((v) => arrayOf(v, 28664, '$concatArrays')))],
  ['$setUnion', nullable(0, Infinity, union)],
  ['$setIntersection', nullable(0, Infinity, intersection)],
  ['$objectToArray', nullable(1, 1, objectToArray)],
  ['$arrayToObject', nullable(1, 1, arrayToObject)],
]);
