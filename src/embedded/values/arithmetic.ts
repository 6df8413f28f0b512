import { add as addDecimals, multiply as multiplyDecimals, pack, roundedDouble, type Unpacked } from './decimal';
import { exact } from './compare';
import { asNumber, Decimal128, Int32 } from './value';

export type Numeric = number | bigint | Int32 | Decimal128;

const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

/** Whether a bigint fits BSON's int64. */
export function fitsLong(n: bigint): boolean {
  return BigInt.asIntN(64, n) === n;
}

/** An integer as the smallest of int32 and int64 that holds it, at least as wide as `long` says. */
export function integer(n: bigint, long: boolean): Int32 | bigint {
  return long || n > INT32_MAX || n < INT32_MIN ? n : new Int32(Number(n));
}

/** A number as a decimal for arithmetic; a double is rounded to 15 digits, as mongod does. */
export function asDecimal(v: Numeric): Unpacked {
  return typeof v === 'number' ? roundedDouble(v) : exact(v);
}

/** How two numbers combine: as decimals, as doubles or as integers. */
export interface Operation {
  decimal(a: Unpacked, b: Unpacked): Unpacked;
  double(a: number, b: number): number;
  integer(a: bigint, b: bigint): bigint;
}

export const ADD: Operation = { decimal: addDecimals, double: (a, b) => a + b, integer: (a, b) => a + b };
export const MULTIPLY: Operation = { decimal: multiplyDecimals, double: (a, b) => a * b, integer: (a, b) => a * b };

/** The bigint of an integer value. */
export function toBigInt(v: bigint | Int32): bigint {
  return typeof v === 'bigint' ? v : BigInt(v.value);
}

/**
 * Combines two numbers in the wider of their types: decimal, double, int64, int32; an int32 that overflows becomes an
 * int64. Gives undefined when an int64 overflows.
 */
export function combine(operation: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  if (a instanceof Decimal128 || b instanceof Decimal128) return pack(operation.decimal(asDecimal(a), asDecimal(b)));
  if (typeof a === 'number' || typeof b === 'number') return operation.double(asNumber(a)!, asNumber(b)!);
  if (a instanceof Int32 && b instanceof Int32) {
    const n = operation.double(a.value, b.value);
    if (n <= INT32_MAX && n >= INT32_MIN) return new Int32(n);
  }
  const result = operation.integer(toBigInt(a), toBigInt(b));
  return fitsLong(result) ? integer(result, typeof a === 'bigint' || typeof b === 'bigint') : undefined;
}
