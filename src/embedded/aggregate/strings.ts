import { MongoError } from '../errors';
import { compareStrings } from '../values/compare';
import { asNumber, int, isNumeric, type Value } from '../values/value';
import { coerceToString, integral, nullish, stringOf, typeOf } from './coerce';
import type { Fn } from './fn';

type Args = (Value | undefined)[];

/** ASCII letters only, as mongod folds case. */
const lower = (s: string): string => s.replace(/[A-Z]/g, (c) => c.toLowerCase());
const upper = (s: string): string => s.replace(/[a-z]/g, (c) => c.toUpperCase());

function concat(args: Args): Value {
  let result = '';
  for (const v of args) {
    if (nullish(v)) return null;
    if (typeof v !== 'string') throw new MongoError(16702, `$concat only supports strings, not ${typeOf(v)}`);
    result += v;
  }
  return result;
}

function substrCodePoints([v, start, length]: Args): Value {
  const points = [...coerceToString(v, '$substrCP')];
  const from = integral(start, 34450, '$substrCP: starting index');
  const count = integral(length, 34452, '$substrCP: length');
  if (from < 0) throw new MongoError(34455, '$substrCP: the starting index must be nonnegative integer.');
  if (count < 0) throw new MongoError(34454, '$substrCP: length must be a nonnegative integer.');
  return points.slice(from, from + count).join('');
}

function substrBytes([v, start, length]: Args): Value {
  const bytes = Buffer.from(coerceToString(v, '$substrBytes'), 'utf8');
  if (!isNumeric(start)) throw new MongoError(16034, '$substrBytes: starting index must be a numeric type');
  if (!isNumeric(length)) throw new MongoError(16035, '$substrBytes: length must be a numeric type');
  const from = Math.trunc(asNumber(start)!);
  const count = Math.trunc(asNumber(length)!);
  if (from < 0) throw new MongoError(50752, '$substrBytes: starting index must be non-negative');
  const end = count < 0 ? bytes.length : from + count;
  const continues = (i: number): boolean => i < bytes.length && (bytes[i]! & 0xc0) === 0x80;
  if (continues(from))
    throw new MongoError(28656, '$substrBytes: Invalid range, starting index is a UTF-8 continuation byte.');
  if (continues(end))
    throw new MongoError(28657, '$substrBytes: Invalid range, ending index is in the middle of a UTF-8 character.');
  return bytes.toString('utf8', from, end);
}

function indexOfCodePoint(args: Args): Value {
  const [v, search, start, end] = args;
  if (nullish(v)) return null;
  const points = [...stringOf(v, 40093, '$indexOfCP')];
  const wanted = [...stringOf(search, 40094, '$indexOfCP')];
  const from = args.length > 2 ? integral(start, 40096, '$indexOfCP: starting index') : 0;
  const to = Math.min(
    points.length,
    args.length > 3 ? integral(end, 40096, '$indexOfCP: ending index') : points.length,
  );
  if (from < 0 || to < 0) throw new MongoError(40097, '$indexOfCP requires nonnegative start and end indexes');
  for (let i = from; i + wanted.length <= to; i++)
    if (wanted.every((point, n) => points[i + n] === point)) return int(i);
  return int(-1);
}

function split([v, separator]: Args): Value {
  if (nullish(v) || nullish(separator)) return null;
  const text = stringOf(v, 40085, '$split');
  const by = stringOf(separator, 40086, '$split');
  if (by === '') throw new MongoError(40087, '$split requires a non-empty separator');
  return text.split(by);
}

/** Strings. */
export const STRINGS: [string, Fn][] = [
  ['$concat', { min: 0, max: Infinity, apply: concat }],
  ['$toLower', { min: 1, max: 1, apply: ([v]) => lower(coerceToString(v, '$toLower')) }],
  ['$toUpper', { min: 1, max: 1, apply: ([v]) => upper(coerceToString(v, '$toUpper')) }],
  ['$substrCP', { min: 3, max: 3, apply: substrCodePoints }],
  ['$substrBytes', { min: 3, max: 3, apply: substrBytes }],
  ['$substr', { min: 3, max: 3, apply: substrBytes }],
  ['$strLenCP', { min: 1, max: 1, apply: ([v]) => int([...stringOf(v, 34471, '$strLenCP')].length) }],
  ['$strLenBytes', { min: 1, max: 1, apply: ([v]) => int(Buffer.byteLength(stringOf(v, 34473, '$strLenBytes'))) }],
  ['$indexOfCP', { min: 2, max: 4, apply: indexOfCodePoint }],
  ['$split', { min: 2, max: 2, apply: split }],
  [
    '$strcasecmp',
    {
      min: 2,
      max: 2,
      apply: ([a, b]) =>
        int(
          Math.sign(compareStrings(upper(coerceToString(a, '$strcasecmp')), upper(coerceToString(b, '$strcasecmp')))),
        ),
    },
  ],
];
