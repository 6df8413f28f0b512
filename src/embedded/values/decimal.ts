import type { Decimal128 } from './value';

/** A finite decimal: (negative ? -1 : 1) × digits × 10^exponent. */
export interface Finite {
  negative: boolean;
  digits: bigint;
  exponent: number;
}

export type Unpacked = Finite | 'NaN' | 'Infinity' | '-Infinity';

const MAX_COEFFICIENT = 10n ** 34n - 1n;
const BIAS = 6176;

/** Takes a Decimal128 (IEEE 754 decimal128, binary integer significand) apart. */
export function unpack(value: Decimal128): Unpacked {
  const view = Buffer.from(value.bytes.buffer, value.bytes.byteOffset, 16);
  const low = view.readBigUInt64LE(0);
  const high = view.readBigUInt64LE(8);
  const negative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 31n);
  if (combination === 31) return 'NaN';
  if (combination === 30) return negative ? '-Infinity' : 'Infinity';
  // A significand that starts with binary 11 is over 10^34 and means zero.
  if (combination >> 3 === 3) return { negative, digits: 0n, exponent: Number((high >> 47n) & 0x3fffn) - BIAS };
  const digits = ((high & 0x1ffffffffffffn) << 64n) | low;
  const exponent = Number((high >> 49n) & 0x3fffn) - BIAS;
  return { negative, digits: digits > MAX_COEFFICIENT ? 0n : digits, exponent };
}

function pow10(n: number): bigint {
  return 10n ** BigInt(n);
}

function signed(value: Finite): bigint {
  return value.negative ? -value.digits : value.digits;
}

/** The exact value of a double as a decimal (every double has one). */
export function exactDouble(value: number): Unpacked {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  let mantissa = Math.abs(value);
  let exponent = 0;
  while (mantissa !== Math.floor(mantissa)) {
    mantissa *= 2;
    exponent -= 1;
  }
  // mantissa × 2^exponent = mantissa × 5^-exponent × 10^exponent
  const digits = BigInt(mantissa) * 5n ** BigInt(-exponent);
  return { negative: value < 0 || Object.is(value, -0), digits, exponent };
}

/** An integer as a decimal. */
export function fromInteger(value: bigint | number): Finite {
  const n = BigInt(value);
  return { negative: n < 0n, digits: n < 0n ? -n : n, exponent: 0 };
}

/** -1, 0 or 1; NaN is below everything and equal to itself. */
export function compareUnpacked(a: Unpacked, b: Unpacked): number {
  if (typeof a === 'string' || typeof b === 'string') {
    const rank = (v: Unpacked): number => (typeof v !== 'string' ? 2 : v === 'NaN' ? 0 : v === '-Infinity' ? 1 : 3);
    return Math.sign(rank(a) - rank(b));
  }
  if (a.digits === 0n || b.digits === 0n || a.negative !== b.negative) {
    const sign = (v: Finite): number => (v.digits === 0n ? 0 : v.negative ? -1 : 1);
    return Math.sign(sign(a) - sign(b));
  }
  const size = (v: Finite): number => v.digits.toString().length + v.exponent;
  const bySize = Math.sign(size(a) - size(b));
  if (bySize !== 0) return a.negative ? -bySize : bySize;
  const least = Math.min(a.exponent, b.exponent);
  const x = signed(a) * pow10(a.exponent - least);
  const y = signed(b) * pow10(b.exponent - least);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The nearest double. */
export function toDouble(value: Unpacked): number {
  if (typeof value === 'string') return Number(value);
  return Number(`${value.negative ? '-' : ''}${value.digits}E${value.exponent}`);
}

/** The value without its fraction, or undefined when it is not finite. */
export function truncate(value: Unpacked): bigint | undefined {
  if (typeof value === 'string') return undefined;
  const n = signed(value);
  return value.exponent >= 0 ? n * pow10(value.exponent) : n / pow10(-value.exponent);
}
