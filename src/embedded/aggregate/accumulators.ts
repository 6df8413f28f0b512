import { MongoError, mongoError } from '../errors';
import { ADD, asDecimal, combine, fitsLong, integer, type Numeric } from '../values/arithmetic';
import { compare } from '../values/compare';
import { add as addDecimals, divide, fromInteger, pack, type Unpacked } from '../values/decimal';
import { groupKey } from '../values/keys';
import { asNumber, Decimal128, int, Int32, isNumeric, typeName, type Doc, type Value } from '../values/value';
import { nullish } from './coerce';

/** Takes in one value a document and gives the result of a group; undefined is a missing value. */
export interface Accumulator {
  add(value: Value | undefined): void;
  result(): Value;
}

/**
 * A running sum that is exact for integers and, for doubles, carries the rounding error of each addition along, so that
 * the result does not depend on the order as a plain sum's does. Values that are no numbers are passed over.
 */
class Total {
  count = 0;
  private int = 0;
  private long = 0n;
  private sum = 0;
  private error = 0;
  /** A plain sum, which is what infinities and NaN give. */
  private plain = 0;
  private decimal: Unpacked | undefined;
  private sawLong = false;
  private sawDouble = false;

  add(v: Value | undefined): void {
    if (typeof v === 'number') {
      this.sawDouble = true;
      this.addDouble(v);
    } else if (v instanceof Int32) {
      this.int += v.value;
      if (this.int > 2 ** 52 || this.int < -(2 ** 52)) {
        this.long += BigInt(this.int);
        this.int = 0;
      }
    } else if (typeof v === 'bigint') {
      this.sawLong = true;
      this.long += v;
    } else if (v instanceof Decimal128) this.decimal = addDecimals(this.decimal ?? fromInteger(0), asDecimal(v));
    else return;
    this.count++;
  }

  private addDouble(x: number): void {
    this.plain += x;
    const sum = this.sum + x;
    const part = sum - this.sum;
    this.error += this.sum - (sum - part) + (x - part);
    this.sum = sum;
  }

  private integers(): bigint {
    return this.long + BigInt(this.int);
  }

  /** The total as a double. */
  double(): number {
    const integers = this.integers();
    if (integers !== 0n) {
      // In two parts, as the sum of an int64 and doubles must not lose the int64's low bits first.
      const high = Number(integers);
      this.addDouble(high);
      this.addDouble(Number(integers - BigInt(high)));
      this.int = 0;
      this.long = 0n;
    }
    const total = this.sum + this.error;
    return Number.isFinite(total) ? total : this.plain;
  }

  decimalTotal(): Unpacked | undefined {
    if (this.decimal === undefined) return undefined;
    const integers = addDecimals(this.decimal, fromInteger(this.integers()));
    return this.sawDouble ? addDecimals(integers, asDecimal(this.sum + this.error)) : integers;
  }

  value(): Value {
    const decimal = this.decimalTotal();
    if (decimal !== undefined) return pack(decimal);
    if (this.sawDouble) return this.double();
    const n = this.integers();
    return fitsLong(n) ? integer(n, this.sawLong) : Number(n);
  }
}

function sum(): Accumulator {
  const total = new Total();
  return { add: (v) => total.add(v), result: () => total.value() };
}

function average(): Accumulator {
  const total = new Total();
  return {
    add: (v) => total.add(v),
    result() {
      if (total.count === 0) return null;
      const decimal = total.decimalTotal();
      return decimal === undefined ? total.double() / total.count : pack(divide(decimal, fromInteger(total.count)));
    },
  };
}

function extreme(sign: 1 | -1): () => Accumulator {
  return () => {
    let best: Value | undefined;
    return {
      add(v) {
        if (!nullish(v) && (best === undefined || sign * compare(v, best) > 0)) best = v;
      },
      result: () => best ?? null,
    };
  };
}

function first(): Accumulator {
  let value: Value | undefined;
  let seen = false;
  return {
    add(v) {
      if (!seen) value = v;
      seen = true;
    },
    result: () => value ?? null,
  };
}

function last(): Accumulator {
  let value: Value | undefined;
  return {
    add(v) {
      value = v;
    },
    result: () => value ?? null,
  };
}

function push(): Accumulator {
  const values: Value[] = [];
  return {
    add(v) {
      if (v !== undefined) values.push(v);
    },
    result: () => values,
  };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    add(v) {
      if (v === undefined) return;
      const key = groupKey(v);
      if (!values.has(key)) values.set(key, v);
    },
    result: () => [...values.values()],
  };
}

function deviation(sample: boolean): () => Accumulator {
  return () => {
    let count = 0;
    let mean = 0;
    let squares = 0;
    return {
      add(v) {
        const x = isNumeric(v) ? asNumber(v)! : undefined;
        if (x === undefined) return;
        count++;
        const delta = x - mean;
        mean += delta / count;
        squares += delta * (x - mean);
      },
      result() {
        const divisor = sample ? count - 1 : count;
        return divisor > 0 ? Math.sqrt(squares / divisor) : null;
      },
    };
  };
}

function mergeObjects(): Accumulator {
  const merged: Doc = new Map();
  return {
    add(v) {
      if (nullish(v)) return;
      if (!(v instanceof Map))
        throw new MongoError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(v)}`);
      for (const [name, value] of v) merged.set(name, value);
    },
    result: () => merged,
  };
}

/** The accumulators of $group by name. */
export const ACCUMULATORS = new Map<string, () => Accumulator>([
  ['$sum', sum],
  ['$avg', average],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$first', first],
  ['$last', last],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$stdDevPop', deviation(false)],
  ['$stdDevSamp', deviation(true)],
  ['$mergeObjects', mergeObjects],
]);

/** The sum of two numbers, a double where an int64 would overflow. */
export function sumOf(a: Numeric, b: Numeric): Numeric {
  return combine(ADD, a, b) ?? asNumber(a)! + asNumber(b)!;
}

/** Runs an accumulator over a list, as the expression of the same name does; one array argument is entered. */
export function accumulate(name: string, args: (Value | undefined)[]): Value {
  const make = ACCUMULATORS.get(name);
  if (!make) throw mongoError('InternalError', `there is no accumulator ${name}`);
  const accumulator = make();
  const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  for (const value of values) accumulator.add(value);
  return accumulator.result();
}

/** How many values a count is, as the smallest integer type that holds it. */
export function countValue(n: number): Value {
  return n <= 2147483647 ? int(n) : BigInt(n);
}
