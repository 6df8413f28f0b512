import { fitsLong, integer, refuseDecimal } from '../values/arithmetic';
import { compare } from '../values/compare';
import { groupKey } from '../values/keys';
import { Int32, type Value } from '../values/value';
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
    } else {
      refuseDecimal('a sum', v);
      return;
    }
    this.count++;
  }

  private addDouble(x: number): void {
    this.plain += x;
    const sum = this.sum + x;
    const part = sum - this.sum;
    this.error += this.sum - (sum - part) + (x - part);
    this.sum = sum;
  }

  /** The total as a double. */
  double(): number {
    const integers = this.long + BigInt(this.int);
    // In two parts, as the sum of an int64 and doubles must not lose the int64's low bits first.
    const high = Number(integers);
    if (integers !== 0n) this.addDouble(high);
    if (integers !== 0n) this.addDouble(Number(integers - BigInt(high)));
    this.int = 0;
    this.long = 0n;
    const total = this.sum + this.error;
    return Number.isFinite(total) ? total : this.plain;
  }

  value(): Value {
    if (this.sawDouble) return this.double();
    const n = this.long + BigInt(this.int);
    return fitsLong(n) ? integer(n, this.sawLong) : Number(n);
  }
}

function sum(): Accumulator {
  const total = new Total();
  return { add: (v) => total.add(v), result: () => total.value() };
}

function average(): Accumulator {
  const total = new Total();
  return { add: (v) => total.add(v), result: () => (total.count === 0 ? null : total.double() / total.count) };
}

/** Keeps one of the values: a later one replaces it when `replaces` says so. */
const keeping = (replaces: (v: Value | undefined, kept: Value | undefined) => boolean) => (): Accumulator => {
  let kept: Value | undefined;
  let seen = false;
  return {
    add(v) {
      if (!seen || replaces(v, kept)) kept = v;
      seen = true;
    },
    result: () => kept ?? null,
  };
};

const extreme = (sign: 1 | -1): (() => Accumulator) =>
  keeping((v, kept) => !nullish(v) && (nullish(kept) || sign * compare(v, kept) > 0));

function push(): Accumulator {
  const values: Value[] = [];
  return { add: (v) => void (v !== undefined && values.push(v)), result: () => values };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    add(v) {
      const key = v === undefined ? '' : groupKey(v);
      if (v !== undefined && !values.has(key)) values.set(key, v);
    },
    result: () => [...values.values()],
  };
}

/** The accumulators of $group by name. */
export const ACCUMULATORS = new Map<string, () => Accumulator>([
  ['$sum', sum],
  ['$avg', average],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$first', keeping(() => false)],
  ['$last', keeping(() => true)],
  ['$push', push],
  ['$addToSet', addToSet],
]);
