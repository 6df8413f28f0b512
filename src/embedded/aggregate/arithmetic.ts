import { MongoError, mongoError } from '../errors';
import { asDecimal, combine, fitsLong, integer, MULTIPLY, toBigInt, type Numeric } from '../values/arithmetic';
import { exact } from '../values/compare';
import { divide, negate, pack, toDouble, truncate, type Unpacked } from '../values/decimal';
import { asNumber, Decimal128, Int32, isNumeric, type Value } from '../values/value';
import { sumOf } from './accumulators';
import { integral, nullish, typeOf } from './coerce';
import type { Fn } from './fn';

type Args = (Value | undefined)[];

function shiftDate(date: Date, by: Numeric): Date {
  const moved = new Date(date.getTime() + Math.trunc(asNumber(by)!));
  if (Number.isNaN(moved.getTime())) throw mongoError('Overflow', 'date overflow');
  return moved;
}

function add(args: Args): Value {
  let total: Numeric = new Int32(0);
  let date: Date | undefined;
  for (const v of args) {
    if (nullish(v)) return null;
    if (v instanceof Date) {
      if (date) throw new MongoError(16612, 'only one date allowed in an $add expression');
      date = v;
    } else if (isNumeric(v)) total = sumOf(total, v);
    else throw new MongoError(16554, `$add only supports numeric or date types, not ${typeOf(v)}`);
  }
  return date ? shiftDate(date, total) : total;
}

function negated(v: Numeric): Numeric {
  if (typeof v === 'number') return -v;
  if (v instanceof Decimal128) return pack(negate(exact(v)));
  const n = -toBigInt(v);
  return fitsLong(n) ? integer(n, typeof v === 'bigint') : Number(n);
}

function subtract([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  if (a instanceof Date) {
    if (b instanceof Date) return BigInt(a.getTime() - b.getTime());
    if (isNumeric(b)) return shiftDate(a, negated(b));
  } else if (isNumeric(a) && isNumeric(b)) {
    // -0 would come from adding the negated zero of a double; subtraction has its own rules.
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return sumOf(a, negated(b));
  }
  throw new MongoError(16556, `can't $subtract ${typeOf(b)} from ${typeOf(a)}`);
}

function multiply(args: Args): Value {
  let product: Numeric = new Int32(1);
  for (const v of args) {
    if (nullish(v)) return null;
    if (!isNumeric(v)) throw new MongoError(16555, `$multiply only supports numeric types, not ${typeOf(v)}`);
    product = combine(MULTIPLY, product, v) ?? asNumber(product)! * asNumber(v)!;
  }
  return product;
}

function isZero(v: Numeric): boolean {
  return asNumber(v) === 0;
}

function division([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b))
    throw new MongoError(16609, `$divide only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`);
  if (isZero(b)) throw new MongoError(16608, "can't $divide by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return pack(divide(asDecimal(a), asDecimal(b)));
  return asNumber(a)! / asNumber(b)!;
}

function decimalRemainder(a: Unpacked, b: Unpacked): Decimal128 {
  if (typeof a === 'string' || b === 'NaN') return pack('NaN');
  if (typeof b === 'string') return pack(a);
  const least = Math.min(a.exponent, b.exponent);
  const scale = (v: typeof a): bigint => v.digits * 10n ** BigInt(v.exponent - least);
  return pack({ negative: a.negative, digits: scale(a) % scale(b), exponent: least });
}

function modulo([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b))
    throw new MongoError(16611, `$mod only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`);
  if (isZero(b)) throw new MongoError(16610, "can't $mod by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return decimalRemainder(asDecimal(a), asDecimal(b));
  if (typeof a === 'number' || typeof b === 'number') return asNumber(a)! % asNumber(b)!;
  return integer(toBigInt(a) % toBigInt(b), typeof a === 'bigint' || typeof b === 'bigint');
}

/** A one-argument function of numbers that gives null for null. */
function numeric(name: string, apply: (v: Numeric) => Value): [string, Fn] {
  return [
    name,
    {
      min: 1,
      max: 1,
      apply: ([v]) => {
        if (nullish(v)) return null;
        if (!isNumeric(v)) throw new MongoError(28765, `${name} only supports numeric types, not ${typeOf(v)}`);
        return apply(v);
      },
    },
  ];
}

function domain(
  code: number,
  name: string,
  what: string,
  inside: (x: number) => boolean,
  apply: (x: number) => number,
): [string, Fn] {
  return numeric(name, (v) => {
    const x = asNumber(v)!;
    if (!Number.isNaN(x) && !inside(x)) throw new MongoError(code, `${name}'s argument must be ${what}, but is ${x}`);
    return inexact(v, apply(x));
  });
}

/** The result of a function that is computed in doubles, as a decimal when the argument was one. */
function inexact(v: Numeric, result: number): Value {
  return v instanceof Decimal128 ? pack(asDecimal(result)) : result;
}

function absolute(v: Numeric): Value {
  if (typeof v === 'number') return Math.abs(v);
  if (v === -(2n ** 63n)) throw new MongoError(28680, "can't take $abs of long long min");
  return asNumber(v)! < 0 ? negated(v) : v;
}

/** Rounding to whole numbers leaves integers as they are. */
function whole(name: string, round: (x: number) => number): [string, Fn] {
  return numeric(name, (v) => {
    if (typeof v === 'number') return round(v);
    if (!(v instanceof Decimal128)) return v;
    const exactValue = exact(v);
    const n = truncate(exactValue);
    if (n === undefined || typeof exactValue === 'string') return v;
    const cut = pack({ negative: n < 0n, digits: n < 0n ? -n : n, exponent: 0 });
    const fraction = toDouble(exactValue) - Number(n);
    return fraction === 0 ? cut : sumOf(cut, new Int32(Math.sign(round(fraction))));
  });
}

/** Rounds or cuts a decimal number to so many places after the point (before it, when negative). */
function toPlaces(v: Numeric, places: number, round: boolean): Value {
  const value = exact(v);
  if (typeof value === 'string') return v;
  const drop = -places - value.exponent;
  if (drop <= 0) return v;
  const unit = 10n ** BigInt(Math.min(drop, 7000));
  let digits = value.digits / unit;
  const twice = (value.digits % unit) * 2n;
  if (round && (twice > unit || (twice === unit && digits % 2n === 1n))) digits += 1n;
  const result = { negative: value.negative, digits, exponent: value.exponent + drop };
  if (v instanceof Decimal128) return pack(result);
  if (typeof v === 'number') return toDouble(result);
  const n = truncate(result)!;
  if (!fitsLong(n)) throw new MongoError(51080, 'invalid conversion: the rounded value does not fit an int64');
  return integer(n, typeof v === 'bigint');
}

function places(name: string, round: boolean): [string, Fn] {
  return [
    name,
    {
      min: 1,
      max: 2,
      apply: ([v, given, ...rest]) => {
        if (nullish(v)) return null;
        if (!isNumeric(v)) throw new MongoError(51081, `${name} only supports numeric types, not ${typeOf(v)}`);
        if (rest.length === 0 && given === undefined) return toPlaces(v, 0, round);
        if (nullish(given)) return null;
        const n = integral(given, 51082, `precision of ${name}`);
        if (n < -20 || n > 100)
          throw new MongoError(51083, `cannot apply ${name} with precision value ${n}; it must be in [-20, 100]`);
        return toPlaces(v, n, round);
      },
    },
  ];
}

function power([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a)) throw new MongoError(28762, `$pow's base must be numeric, not ${typeOf(a)}`);
  if (!isNumeric(b)) throw new MongoError(28763, `$pow's exponent must be numeric, not ${typeOf(b)}`);
  const [x, y] = [asNumber(a)!, asNumber(b)!];
  if (x === 0 && y < 0) throw new MongoError(28764, '$pow cannot take a base of 0 and a negative exponent');
  if (a instanceof Decimal128 || b instanceof Decimal128) return pack(asDecimal(x ** y));
  if (typeof a === 'number' || typeof b === 'number') return x ** y;
  if (y < 0)
    return Math.abs(x) === 1 ? integer(BigInt(x ** (Math.abs(y) % 2 === 0 ? 2 : 1)), typeof a === 'bigint') : x ** y;
  if (Math.abs(x) > 1 && y > 64) return x ** y;
  const n = toBigInt(a) ** (Math.abs(x) > 1 ? toBigInt(b) : BigInt(y % 2 === 0 ? Math.min(y, 2) : 1));
  return fitsLong(n) ? integer(n, typeof a === 'bigint' || typeof b === 'bigint') : x ** y;
}

function logarithm([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a)) throw new MongoError(28756, `$log's argument must be numeric, not ${typeOf(a)}`);
  if (!isNumeric(b)) throw new MongoError(28757, `$log's base must be numeric, not ${typeOf(b)}`);
  const [x, base] = [asNumber(a)!, asNumber(b)!];
  if (x <= 0) throw new MongoError(28758, `$log's argument must be a positive number, but is ${x}`);
  if (base <= 0 || base === 1)
    throw new MongoError(28759, `$log's base must be a positive number not equal to 1, but is ${base}`);
  return Math.log(x) / Math.log(base);
}

/** Arithmetic, numbers and dates. */
export const ARITHMETIC: [string, Fn][] = [
  ['$add', { min: 0, max: Infinity, apply: add }],
  ['$subtract', { min: 2, max: 2, apply: subtract }],
  ['$multiply', { min: 0, max: Infinity, apply: multiply }],
  ['$divide', { min: 2, max: 2, apply: division }],
  ['$mod', { min: 2, max: 2, apply: modulo }],
  ['$pow', { min: 2, max: 2, apply: power }],
  ['$log', { min: 2, max: 2, apply: logarithm }],
  numeric('$abs', absolute),
  whole('$ceil', Math.ceil),
  whole('$floor', Math.floor),
  places('$round', true),
  places('$trunc', false),
  numeric('$exp', (v) => inexact(v, Math.exp(asNumber(v)!))),
  domain(28714, '$sqrt', 'greater than or equal to 0', (x) => x >= 0, Math.sqrt),
  domain(28766, '$ln', 'a positive number', (x) => x > 0, Math.log),
  domain(28761, '$log10', 'a positive number', (x) => x > 0, Math.log10),
];
