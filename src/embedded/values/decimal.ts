import { Decimal128, Int32, type Numeric } from './value';

/** A number as digits × 10^exponent. */
export interface Exact {
  digits: bigint;
  exponent: number;
}

/** The exact value of a number (every double has a decimal one); undefined for NaN and the infinities. */
export function exact(v: Numeric): Exact | undefined {
  if (typeof v === 'bigint') return { digits: v, exponent: 0 };
  if (v instanceof Decimal128) {
    const [, whole, fraction = '', exponent = '0'] = /^(-?\d+)(?:\.(\d+))?(?:E([+-]\d+))?$/.exec(v.toString()) ?? [];
    return whole === undefined
      ? undefined
      : { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
  }
  let mantissa = v instanceof Int32 ? v.value : v;
  if (!Number.isFinite(mantissa)) return undefined;
  let halvings = 0;
  for (; !Number.isInteger(mantissa); halvings++) mantissa *= 2;
  // mantissa / 2^halvings = mantissa × 5^halvings × 10^-halvings
  return { digits: BigInt(mantissa) * 5n ** BigInt(halvings), exponent: -halvings };
}

/** Negative, zero or positive, as the first is less, equal or greater. */
export function compareExact(a: Exact, b: Exact): number {
  const least = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent }: Exact): bigint => digits * 10n ** BigInt(exponent - least);
  const [x, y] = [scaled(a), scaled(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A number without its fraction; undefined for NaN and the infinities. */
export function truncate(v: Numeric): bigint | undefined {
  const value = exact(v);
  if (value === undefined) return undefined;
  const scale = 10n ** BigInt(Math.abs(value.exponent));
  return value.exponent >= 0 ? value.digits * scale : value.digits / scale;
}
