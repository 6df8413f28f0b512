import { mongoError } from '../errors';
import { asNumber, Decimal128, Int32, type Numeric } from './value';

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

/** Decimals are stored, compared and indexed; computing with them is refused (115). */
export function refuseDecimal(operator: string, ...values: unknown[]): void {
  if (values.some((v) => v instanceof Decimal128))
    throw mongoError('CommandNotSupported', `${operator} with Decimal128 is not supported by the embedded database`);
}

/** An operation on two numbers, as doubles or as integers. */
export interface Operation {
  name: string;
  double(a: number, b: number): number;
  integer(a: bigint, b: bigint): bigint;
}

export const ADD: Operation = { name: 'addition', double: (a, b) => a + b, integer: (a, b) => a + b };
export const SUBTRACT: Operation = { name: 'subtraction', double: (a, b) => a - b, integer: (a, b) => a - b };
export const MULTIPLY: Operation = { name: 'multiplication', double: (a, b) => a * b, integer: (a, b) => a * b };
export const REMAINDER: Operation = { name: 'division', double: (a, b) => a % b, integer: (a, b) => a % b };

/**
 * Combines two numbers in the wider of their types: double, int64, int32; an int32 that overflows becomes an int64.
 * Gives undefined when an int64 overflows.
 */
export function combine(operation: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  refuseDecimal(operation.name, a, b);
  if (typeof a === 'number' || typeof b === 'number') return operation.double(asNumber(a)!, asNumber(b)!);
  if (a instanceof Int32 && b instanceof Int32) {
    const n = operation.double(a.value, b.value);
    if (n <= INT32_MAX && n >= INT32_MIN) return new Int32(n);
  }
  const result = operation.integer(BigInt(a.toString()), BigInt(b.toString()));
  return fitsLong(result) ? integer(result, typeof a === 'bigint' || typeof b === 'bigint') : undefined;
}
