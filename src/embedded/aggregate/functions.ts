import { accumulate } from './accumulators';
import { ARITHMETIC } from './arithmetic';
import { ARRAYS } from './arrays';
import { convert, nullish, toBoolean, typeOf } from './coerce';
import { compare } from '../values/compare';
import { int, isNumeric } from '../values/value';
import type { Fn } from './fn';
import { STRINGS } from './strings';

function comparing(holds: (order: number) => boolean): Fn {
  return { min: 2, max: 2, apply: ([a, b]) => holds(compare(a, b)) };
}

function converting(to: string): Fn {
  return { min: 1, max: 1, apply: ([v]) => (nullish(v) ? null : convert(v, to)) };
}

function overList(name: string): [string, Fn] {
  return [name, { min: 0, max: Infinity, apply: (args) => accumulate(name, args) }];
}

/** The operators that evaluate a list of arguments. */
export const FUNCTIONS = new Map<string, Fn>([
  ['$eq', comparing((order) => order === 0)],
  ['$ne', comparing((order) => order !== 0)],
  ['$gt', comparing((order) => order > 0)],
  ['$gte', comparing((order) => order >= 0)],
  ['$lt', comparing((order) => order < 0)],
  ['$lte', comparing((order) => order <= 0)],
  ['$cmp', { min: 2, max: 2, apply: ([a, b]) => int(Math.sign(compare(a, b))) }],
  ['$not', { min: 1, max: 1, apply: ([v]) => !toBoolean(v) }],
  ['$type', { min: 1, max: 1, apply: ([v]) => typeOf(v) }],
  ['$isNumber', { min: 1, max: 1, apply: ([v]) => isNumeric(v) }],
  ['$toString', converting('string')],
  ['$toDouble', converting('double')],
  ['$toInt', converting('int')],
  ['$toLong', converting('long')],
  ['$toDecimal', converting('decimal')],
  ['$toBool', converting('bool')],
  ['$toDate', converting('date')],
  ['$toObjectId', converting('objectId')],
  overList('$sum'),
  overList('$avg'),
  overList('$min'),
  overList('$max'),
  overList('$stdDevPop'),
  overList('$stdDevSamp'),
  overList('$mergeObjects'),
  ['$rand', { min: 0, max: 0, apply: () => Math.random() }],
  ...ARITHMETIC,
  ...STRINGS,
  ...ARRAYS,
]);
