import { fitsLong, integer, refuseDecimal } from '../values/arithmetic';
import { compare } from '../values/compare';
import { groupKey } from '../values/keys';
import { isNumeric, type Value } from '../values/value';
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
  private integers = 0n;
  private sum = 0;
  private error = 0;
  private sawLong = false;
  private sawDouble = false;

  add(v: Value | undefined): void {
    refuseDecimal('a sum', v);
    if (!isNumeric(v)) return;
    this.count++;
    if (typeof v === 'number') this.addDouble(v);
    else this.integers += BigInt(v.toString());
    this.sawLong ||= typeof v === 'bigint';
    this.sawDouble ||= typeof v === 'number';
  }

  private addDouble(x: number): void {
    const sum = this.sum + x;
    const part = sum - this.sum;
    this.error += this.sum - (sum - part) + (x - part);
    this.sum = sum;
  }

  /** The total as a double; to be asked for once. */
  double(): number {
    // In two parts, as the sum of an int64 and doubles must not lose the int64's low bits first.
    const high = Number(this.integers);
    this.addDouble(high);
    this.addDouble(Number(this.integers - BigInt(high)));
    const total = this.sum + this.error;
    // Infinities and NaN have no rounding error.
    return Number.isFinite(total) ? total : this.sum;
  }

  value(): Value {
    if (this.sawDouble) return this.double();
    return fitsLong(this.integers) ? integer(this.integers, this.sawLong) : Number(this.integers);
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
