import { MongoError } from '../errors';
import { compare, equal } from '../values/compare';
import { groupKey } from '../values/keys';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { integral, nullish, toBoolean, typeOf } from './coerce';
import type { Fn } from './fn';

type Args = (Value | undefined)[];

function arrayOf(v: Value | undefined, code: number, what: string): Value[] {
  if (!Array.isArray(v)) throw new MongoError(code, `${what} must be an array, but is ${typeOf(v)}`);
  return v;
}

function elementAt([v, index]: Args): Value | undefined {
  if (nullish(v) || nullish(index)) return null;
  const array = arrayOf(v, 28689, "$arrayElemAt's first argument");
  const i = integral(index, 28690, "$arrayElemAt's second argument");
  return array[i < 0 ? array.length + i : i];
}

function slice(args: Args): Value {
  if (args.some(nullish)) return null;
  const array = arrayOf(args[0], 28724, 'First argument to $slice');
  const first = integral(args[1], 28725, 'Second argument to $slice');
  if (args.length === 2) return first < 0 ? array.slice(first) : array.slice(0, first);
  const count = integral(args[2], 28727, 'Third argument to $slice');
  if (count <= 0) throw new MongoError(28729, `Third argument to $slice must be positive: ${count}`);
  const start = first < 0 ? Math.max(0, array.length + first) : first;
  return array.slice(start, start + count);
}

function concatArrays(args: Args): Value {
  const result: Value[] = [];
  for (const v of args) {
    if (nullish(v)) return null;
    result.push(...arrayOf(v, 28664, '$concatArrays operand'));
  }
  return result;
}

/** The distinct elements of an array in comparison order, which is the order that mongod's sets have. */
function distinct(values: Value[]): Map<string, Value> {
  const keyed = values.map((value): [string, Value] => [groupKey(value), value]);
  const unique = new Map<string, Value>();
  for (const [key, value] of keyed) if (!unique.has(key)) unique.set(key, value);
  return unique;
}

const ordered = (values: Iterable<Value>): Value[] => [...values].sort(compare);

function union(args: Args): Value {
  const all: Value[] = [];
  for (const v of args) {
    if (nullish(v)) return null;
    all.push(...arrayOf(v, 17043, 'All operands of $setUnion'));
  }
  return ordered(distinct(all).values());
}

function intersection(args: Args): Value {
  let kept: Map<string, Value> | undefined;
  for (const v of args) {
    if (nullish(v)) return null;
    const next = distinct(arrayOf(v, 17047, 'All operands of $setIntersection'));
    kept = kept === undefined ? next : new Map([...kept].filter(([key]) => next.has(key)));
  }
  return ordered((kept ?? new Map<string, Value>()).values());
}

function difference([a, b]: Args): Value {
  if (nullish(a) || nullish(b)) return null;
  const without = distinct(arrayOf(b, 17049, 'both operands of $setDifference'));
  const from = distinct(arrayOf(a, 17048, 'both operands of $setDifference'));
  return [...from].filter(([key]) => !without.has(key)).map(([, value]) => value);
}

function isSubset([a, b]: Args): Value {
  const inner = distinct(arrayOf(a, 17046, 'both operands of $setIsSubset'));
  const outer = distinct(arrayOf(b, 17042, 'both operands of $setIsSubset'));
  return [...inner.keys()].every((key) => outer.has(key));
}

function setEquals(args: Args): Value {
  const [first, ...rest] = args.map((v) => distinct(arrayOf(v, 17044, 'All operands of $setEquals')));
  return rest.every((other) => other.size === first!.size && [...first!.keys()].every((key) => other.has(key)));
}

function range([from, to, by = int(1)]: Args): Value {
  const start = integral(from, 34443, '$range start');
  const end = integral(to, 34444, '$range end');
  const step = integral(by, 34448, '$range step');
  if (step === 0) throw new MongoError(34449, '$range requires a non-zero step value');
  if ((end - start) / step > 10_000_000) throw new MongoError(146, '$range would make more than 10,000,000 elements');
  const result: Value[] = [];
  for (let n = start; step > 0 ? n < end : n > end; n += step) result.push(int(n));
  return result;
}

function indexOf(args: Args): Value {
  const [v, wanted, start, end] = args;
  if (nullish(v)) return null;
  const array = arrayOf(v, 40090, '$indexOfArray first argument');
  const from = args.length > 2 ? integral(start, 40096, '$indexOfArray starting index') : 0;
  const to = args.length > 3 ? integral(end, 40096, '$indexOfArray ending index') : array.length;
  if (from < 0 || to < 0) throw new MongoError(40097, '$indexOfArray requires nonnegative start and end indexes');
  for (let i = from; i < Math.min(to, array.length); i++) if (equal(array[i], wanted)) return int(i);
  return int(-1);
}

function objectToArray([v]: Args): Value {
  if (nullish(v)) return null;
  if (!isDoc(v)) throw new MongoError(40390, `$objectToArray requires a document input, found: ${typeOf(v)}`);
  return [...v].map(([k, value]) => doc({ k, v: value }));
}

function arrayToObject([v]: Args): Value {
  if (nullish(v)) return null;
  const result: Doc = new Map();
  for (const entry of arrayOf(v, 40386, '$arrayToObject input')) {
    let name: Value | undefined;
    let value: Value | undefined;
    if (Array.isArray(entry)) {
      if (entry.length !== 2) throw new MongoError(40397, '$arrayToObject requires an array of size 2 arrays');
      [name, value] = entry;
    } else if (isDoc(entry)) {
      if (entry.size !== 2 || !entry.has('k') || !entry.has('v'))
        throw new MongoError(40393, "$arrayToObject requires an object with the keys 'k' and 'v'");
      name = entry.get('k');
      value = entry.get('v');
    } else throw new MongoError(40398, `Unrecognised input type format for $arrayToObject: ${typeOf(entry)}`);
    if (typeof name !== 'string')
      throw new MongoError(40395, `$arrayToObject requires keys of type string, found: ${typeOf(name)}`);
    result.set(name, value!);
  }
  return result;
}

function end(name: string, code: number, at: 0 | -1): [string, Fn] {
  return [
    name,
    { min: 1, max: 1, apply: ([v]) => (nullish(v) ? null : arrayOf(v, code, `${name}'s argument`).at(at)) },
  ];
}

/** Arrays, sets, and objects as arrays. */
export const ARRAYS: [string, Fn][] = [
  ['$size', { min: 1, max: 1, apply: ([v]) => int(arrayOf(v, 17124, 'The argument to $size').length) }],
  ['$isArray', { min: 1, max: 1, apply: ([v]) => Array.isArray(v) }],
  [
    '$in',
    {
      min: 2,
      max: 2,
      apply: ([v, list]) => arrayOf(list, 40081, "$in's second argument").some((element) => equal(element, v)),
    },
  ],
  ['$arrayElemAt', { min: 2, max: 2, apply: elementAt }],
  end('$first', 28689, 0),
  end('$last', 28689, -1),
  ['$slice', { min: 2, max: 3, apply: slice }],
  ['$concatArrays', { min: 0, max: Infinity, apply: concatArrays }],
  [
    '$reverseArray',
    {
      min: 1,
      max: 1,
      apply: ([v]) => (nullish(v) ? null : [...arrayOf(v, 34435, "$reverseArray's argument")].reverse()),
    },
  ],
  ['$setUnion', { min: 0, max: Infinity, apply: union }],
  ['$setIntersection', { min: 0, max: Infinity, apply: intersection }],
  ['$setDifference', { min: 2, max: 2, apply: difference }],
  ['$setIsSubset', { min: 2, max: 2, apply: isSubset }],
  ['$setEquals', { min: 2, max: Infinity, apply: setEquals }],
  [
    '$anyElementTrue',
    { min: 1, max: 1, apply: ([v]) => arrayOf(v, 17041, "$anyElementTrue's argument").some(toBoolean) },
  ],
  [
    '$allElementsTrue',
    { min: 1, max: 1, apply: ([v]) => arrayOf(v, 17040, "$allElementsTrue's argument").every(toBoolean) },
  ],
  ['$range', { min: 2, max: 3, apply: range }],
  ['$indexOfArray', { min: 2, max: 4, apply: indexOf }],
  ['$objectToArray', { min: 1, max: 1, apply: objectToArray }],
  ['$arrayToObject', { min: 1, max: 1, apply: arrayToObject }],
];
