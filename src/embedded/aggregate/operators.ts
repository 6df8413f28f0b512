import { ensure, MongoError, mongoError } from '../errors';
import { ADD, combine, MULTIPLY, refuseDecimal, SUBTRACT, type Operation } from '../values/arithmetic';
import { compare, equal } from '../values/compare';
import { groupKey } from '../values/keys';
import { asNumber, doc, int, isDoc, isNumeric, type Doc, type Numeric, type Value } from '../values/value';
import { momentOf, nullish, toBoolean, toDouble, toInt, toText, typeOf } from './coerce';

type Maybe = Value | undefined;

/** An expression, compiled: gives a value of a document, or undefined for missing. */
export type Expression = (document: Doc) => Maybe;

/** Compiles a part of an expression. */
export type Compile = (spec: Value) => Expression;

/** An operator that takes its argument unevaluated. */
type Form = (argument: Value, compile: Compile) => Expression;

/** An operator over evaluated arguments, of which there are so many; missing ones are undefined. */
interface Fn {
  least: number;
  most: number;
  apply: (...args: Maybe[]) => Maybe;
}

/** The named arguments of an operator or stage; refuses unknown and missing ones. */
export function named(operator: string, argument: Value, required: string[], optional: string[] = []): Doc {
  ensure(isDoc(argument), 'FailedToParse', `${operator} only supports an object as its argument`);
  for (const name of argument.keys())
    if (!required.includes(name) && !optional.includes(name))
      throw mongoError('FailedToParse', `Unrecognized parameter to ${operator}: ${name}`);
  for (const name of required)
    ensure(argument.has(name), 'FailedToParse', `Missing '${name}' parameter to ${operator}`);
  return argument;
}

const cond: Form = (argument, compile) => {
  const names = ['if', 'then', 'else'];
  const parts = Array.isArray(argument) ? argument : names.map((name) => named('$cond', argument, names).get(name)!);
  ensure(parts.length === 3, 16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`);
  const [test, then, otherwise] = parts.map(compile) as [Expression, Expression, Expression];
  return (document) => (toBoolean(test(document)) ? then(document) : otherwise(document));
};

const switchForm: Form = (argument, compile) => {
  const fields = named('$switch', argument, ['branches'], ['default']);
  const branches = fields.get('branches');
  ensure(Array.isArray(branches) && branches.length > 0, 40068, '$switch requires at least one branch');
  const compiled = branches.map((branch) => {
    const parts = named('$switch branch', branch, ['case', 'then']);
    return { test: compile(parts.get('case')!), then: compile(parts.get('then')!) };
  });
  const otherwise = fields.has('default') ? compile(fields.get('default')!) : undefined;
  return (document) => {
    for (const { test, then } of compiled) if (toBoolean(test(document))) return then(document);
    if (otherwise) return otherwise(document);
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
};

const logical =
  (stopAt: boolean): Form =>
  (argument, compile) => {
    const parts = (Array.isArray(argument) ? argument : [argument]).map(compile);
    return (document) => parts.some((part) => toBoolean(part(document)) === stopAt) === stopAt;
  };

const ifNull: Form = (argument, compile) => {
  ensure(Array.isArray(argument) && argument.length >= 2, 1257300, '$ifNull needs at least two arguments');
  const parts = argument.map(compile);
  return (document) => {
    let value: Maybe;
    for (const part of parts) if (!nullish((value = part(document)))) break;
    return value;
  };
};

/** Parts of a date in UTC, by operator. */
const DATE_PARTS: Record<string, (date: Date) => number> = {
  $year: (d) => d.getUTCFullYear(),
  $month: (d) => d.getUTCMonth() + 1,
  $dayOfMonth: (d) => d.getUTCDate(),
  $hour: (d) => d.getUTCHours(),
  $minute: (d) => d.getUTCMinutes(),
  $second: (d) => d.getUTCSeconds(),
};

/** The operators that don't simply evaluate a list of arguments. */
export const FORMS = new Map<string, Form>([
  ['$literal', (argument) => () => argument],
  ['$cond', cond],
  ['$switch', switchForm],
  ['$and', logical(false)],
  ['$or', logical(true)],
  ['$ifNull', ifNull],
]);

const one = (apply: (v: Maybe) => Maybe): Fn => ({ least: 1, most: 1, apply });

/** An operator that gives null when any of its arguments is null or missing. */
function nullable(least: number, most: number, apply: (...args: Value[]) => Maybe): Fn {
  return { least, most, apply: (...args) => (args.some(nullish) ? null : apply(...(args as Value[]))) };
}

const comparing = (holds: (order: number) => boolean): Fn => ({
  least: 2,
  most: 2,
  apply: (a, b) => holds(compare(a, b)),
});

/** Two numbers by an operation; integers that overflow become doubles. */
function calculated(operation: Operation, code: number, a: Value, b: Value): Numeric {
  if (!isNumeric(a) || !isNumeric(b))
    throw new MongoError(code, `only numbers take part in an ${operation.name}, not ${typeOf(isNumeric(a) ? b : a)}`);
  return combine(operation, a, b) ?? operation.double(asNumber(a)!, asNumber(b)!);
}

function shifted(date: Date, by: number): Date {
  const moved = new Date(date.getTime() + Math.trunc(by));
  if (Number.isNaN(moved.getTime())) throw mongoError('Overflow', 'date overflow');
  return moved;
}

function add(...args: Value[]): Value {
  const [date, ...more] = args.filter((v) => v instanceof Date);
  ensure(more.length === 0, 16612, 'only one date allowed in an $add expression');
  const numbers = args.filter((v) => !(v instanceof Date));
  const total = numbers.reduce<Numeric>((sum, v) => calculated(ADD, 16554, sum, v), int(0));
  return date ? shifted(date, asNumber(total)!) : total;
}

function subtract(a: Value, b: Value): Value {
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  if (a instanceof Date && isNumeric(b)) return shifted(a, -asNumber(b)!);
  return calculated(SUBTRACT, 16556, a, b);
}

function divide(a: Value, b: Value): Value {
  ensure(isNumeric(a) && isNumeric(b), 16609, `$divide only supports numbers, not ${typeOf(a)} and ${typeOf(b)}`);
  refuseDecimal('$divide', a, b);
  ensure(asNumber(b) !== 0, 16608, "can't $divide by zero");
  return asNumber(a)! / asNumber(b)!;
}

/** A function of one number that leaves integers as they are. */
const whole = (name: string, apply: (x: number) => number): Fn =>
  nullable(1, 1, (v) => {
    refuseDecimal(name, v);
    ensure(isNumeric(v), 28765, `${name} only supports numeric types, not ${typeOf(v)}`);
    return typeof v === 'number' ? apply(v) : v;
  });

function arrayOf(v: Maybe, code: number, what: string): Value[] {
  ensure(Array.isArray(v), code, `${what} must be an array, but is ${typeOf(v)}`);
  return v;
}

function elementAt(v: Value, position: Value): Maybe {
  const n = asNumber(position);
  ensure(Number.isInteger(n), 28690, `$arrayElemAt's second argument must be a whole number, not ${typeOf(position)}`);
  return arrayOf(v, 28689, "$arrayElemAt's first argument").at(n!);
}

/** The distinct values of arrays, in comparison order, as mongod's sets are. */
function union(...args: Value[]): Value {
  const values = args.flatMap((v) => arrayOf(v, 17043, 'All operands of $setUnion'));
  // Of equal values the first stays.
  return [...new Map(values.reverse().map((v) => [groupKey(v), v])).values()].sort(compare);
}

function objectToArray(v: Value): Value {
  ensure(isDoc(v), 40390, `$objectToArray requires a document input, found: ${typeOf(v)}`);
  return [...v].map(([k, value]) => doc({ k, v: value }));
}

function concat(...args: Value[]): Value {
  const text = args.every((v) => typeof v === 'string');
  ensure(text, 16702, `$concat only supports strings, not ${args.map(typeOf).join(', ')}`);
  return args.join('');
}

/** The operators that evaluate a list of arguments. */
export const FUNCTIONS = new Map<string, Fn>([
  ['$eq', comparing((order) => order === 0)],
  ['$ne', comparing((order) => order !== 0)],
  ['$gt', comparing((order) => order > 0)],
  ['$gte', comparing((order) => order >= 0)],
  ['$lt', comparing((order) => order < 0)],
  ['$lte', comparing((order) => order <= 0)],
  ['$cmp', { least: 2, most: 2, apply: (a, b) => int(Math.sign(compare(a, b))) }],
  ['$not', one((v) => !toBoolean(v))],
  ['$type', one(typeOf)],
  ['$toInt', nullable(1, 1, toInt)],
  ['$toDouble', nullable(1, 1, toDouble)],
  ['$toString', nullable(1, 1, toText)],
  ['$add', nullable(0, Infinity, add)],
  ['$subtract', nullable(2, 2, subtract)],
  ['$multiply', nullable(0, Infinity, (...args) => args.reduce((n, v) => calculated(MULTIPLY, 16555, n, v), int(1)))],
  ['$divide', nullable(2, 2, divide)],
  ['$ceil', whole('$ceil', Math.ceil)],
  ['$floor', whole('$floor', Math.floor)],
  ['$concat', nullable(0, Infinity, concat)],
  ['$size', one((v) => int(arrayOf(v, 17124, 'The argument to $size').length))],
  ['$isArray', one((v) => Array.isArray(v))],
  ['$in', { least: 2, most: 2, apply: (v, list) => arrayOf(list, 40081, '$in').some((e) => equal(e, v)) }],
  ['$arrayElemAt', nullable(2, 2, elementAt)],
  ['$concatArrays', nullable(0, Infinity, (...args) => args.flatMap((v) => arrayOf(v, 28664, '$concatArrays')))],
  ['$setUnion', nullable(0, Infinity, union)],
  ['$objectToArray', nullable(1, 1, objectToArray)],
  ...Object.entries(DATE_PARTS).map(([name, part]): [string, Fn] => [
    name,
    nullable(1, 1, (v) => int(part(momentOf(v)))),
  ]),
]);
