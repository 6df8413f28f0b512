import { Decimal128 } from './value';

/** A finite decimal: (negative ? -1 : 1) × digits × 10^exponent. */
export interface Finite {
  negative: boolean;
  digits: bigint;
  exponent: number;
}

export type Unpacked = Finite | 'NaN' | 'Infinity' | '-Infinity';

const MAX_DIGITS = 34;
const MAX_COEFFICIENT = 10n ** 34n - 1n;
const BIAS = 6176;
const MAX_EXPONENT = 6111;
const MIN_EXPONENT = -6176;

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

/** Divides and rounds half to even. */
function divideRounded(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const twice = (a % b) * 2n;
  return twice > b || (twice === b && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** Puts a decimal together, rounding to 34 digits half to even; too large becomes an infinity, too small zero. */
export function pack(value: Unpacked): Decimal128 {
  if (typeof value === 'string') return Decimal128.fromString(value);
  let { digits, exponent } = value;
  const excess = Math.max(digits.toString().length - MAX_DIGITS, MIN_EXPONENT - exponent);
  if (excess > 0) {
    digits = excess > 6300 ? 0n : divideRounded(digits, pow10(excess));
    exponent += excess;
    if (digits > MAX_COEFFICIENT) {
      digits /= 10n;
      exponent += 1;
    }
  }
  while (exponent > MAX_EXPONENT && digits !== 0n && digits * 10n <= MAX_COEFFICIENT) {
    digits *= 10n;
    exponent -= 1;
  }
  if (exponent > MAX_EXPONENT) {
    if (digits !== 0n) return Decimal128.fromString(value.negative ? '-Infinity' : 'Infinity');
    exponent = MAX_EXPONENT;
  }
  return Decimal128.fromString(`${value.negative ? '-' : ''}${digits}E${exponent}`);
}

function signed(value: Finite): bigint {
  return value.negative ? -value.digits : value.digits;
}

function fromSigned(n: bigint, exponent: number): Finite {
  return n < 0n ? { negative: true, digits: -n, exponent } : { negative: false, digits: n, exponent };
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

/** A double as mongod turns it into a decimal for arithmetic: rounded to 15 digits. */
export function roundedDouble(value: number): Unpacked {
  if (!Number.isFinite(value)) return exactDouble(value);
  return unpack(Decimal128.fromString(value.toPrecision(15)));
}

/** An integer as a decimal. */
export function fromInteger(value: bigint | number): Finite {
  return fromSigned(BigInt(value), 0);
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

/** The sum, rounded to 34 digits. */
export function add(a: Unpacked, b: Unpacked): Unpacked {
  if (typeof a === 'string' || typeof b === 'string') {
    if (a === 'NaN' || b === 'NaN') return 'NaN';
    if (typeof a === 'string' && typeof b === 'string' && a !== b) return 'NaN';
    return typeof a === 'string' ? a : b;
  }
  const least = Math.min(a.exponent, b.exponent);
  return fromSigned(signed(a) * pow10(a.exponent - least) + signed(b) * pow10(b.exponent - least), least);
}

/** The negated value. */
export function negate(a: Unpacked): Unpacked {
  if (a === 'NaN') return a;
  if (typeof a === 'string') return a === 'Infinity' ? '-Infinity' : 'Infinity';
  return { ...a, negative: !a.negative };
}

/** The product, rounded to 34 digits. */
export function multiply(a: Unpacked, b: Unpacked): Unpacked {
  if (typeof a !== 'string' && typeof b !== 'string')
    return { negative: a.negative !== b.negative, digits: a.digits * b.digits, exponent: a.exponent + b.exponent };
  const sign = (v: Unpacked): number =>
    v === 'NaN' ? NaN : v === 'Infinity' ? 1 : v === '-Infinity' ? -1 : v.digits === 0n ? 0 : v.negative ? -1 : 1;
  const product = sign(a) * sign(b);
  return product > 0 ? 'Infinity' : product < 0 ? '-Infinity' : 'NaN';
}

/** The quotient to 34 digits; a zero divisor is the caller's error to report. */
export function divide(a: Unpacked, b: Unpacked): Unpacked {
  if (typeof a === 'string' || typeof b === 'string') {
    if (a === 'NaN' || b === 'NaN' || (typeof a === 'string' && typeof b === 'string')) return 'NaN';
    if (typeof b === 'string') return { negative: false, digits: 0n, exponent: 0 };
    return b.negative ? negate(a) : a;
  }
  const shift = Math.max(0, MAX_DIGITS + 2 + b.digits.toString().length - a.digits.toString().length);
  const numerator = a.digits * pow10(shift);
  const exact = numerator % b.digits === 0n;
  let digits = numerator / b.digits;
  let exponent = a.exponent - shift - b.exponent;
  if (exact) {
    while (exponent < a.exponent - b.exponent && digits % 10n === 0n && digits !== 0n) {
      digits /= 10n;
      exponent += 1;
    }
  } else {
    // A sticky digit keeps the rounding to 34 digits right.
    digits = digits * 10n + 1n;
    exponent -= 1;
  }
  return { negative: a.negative !== b.negative, digits, exponent };
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
