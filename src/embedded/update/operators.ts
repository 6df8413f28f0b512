import { ensure, mongoError, type CodeName } from '../errors';
import { compileElementCondition } from '../match';
import { ADD, combine, MULTIPLY, refuseDecimal, type Operation } from '../values/arithmetic';
import { compare, equal, identical } from '../values/compare';
import {
  asNumber,
  int,
  isDoc,
  isNumeric,
  Timestamp,
  typeName,
  type Doc,
  type Numeric,
  type Value,
} from '../values/value';
import { idOf, show } from '../values/show';

/** What an operator finds out about the document while it is applied. */
export interface OperatorContext {
  now: Date;
  document: Doc;
  /** The dotted path being updated. */
  path: string;
}

/** The effect on a field: its new value, its removal, or nothing. */
export type Effect = { value: Value } | 'remove' | 'none';

/** One operator on one path. */
export interface FieldOperator {
  /** The effect on a field that exists. */
  onExisting(current: Value, context: OperatorContext): Effect;
  /** The value of a field that doesn't exist; absent for operators that never create one. */
  create?(context: OperatorContext): Value;
  /** A path that can't exist is no error ($unset). */
  ignoresBadPath?: boolean;
  /** May add to the end of an array, which a change stream then tells element by element. */
  appends?: boolean;
}

const changedTo = (current: Value, value: Value): Effect => (identical(current, value) ? 'none' : { value });

/** Compiles an operator's argument for one path, which is given for error messages. */
type Compiler = (argument: Value, path: string) => FieldOperator;

function set(value: Value): FieldOperator {
  return { onExisting: (current) => changedTo(current, value), create: () => value };
}

function arithmetic(operation: Operation, create: (argument: Value) => Value): Compiler {
  return (argument, path) => {
    ensure(
      isNumeric(argument),
      'TypeMismatch',
      `Cannot compute with non-numeric argument: {${path}: ${show(argument)}}`,
    );
    refuseDecimal(operation.name, argument);
    return {
      onExisting(current, { document }) {
        if (!isNumeric(current)) {
          const message = `Cannot apply ${operation.name} to '${path}' of type ${typeName(current)} in ${idOf(document)}`;
          throw mongoError('TypeMismatch', message);
        }
        const result = combine(operation, current, argument);
        if (result !== undefined) return changedTo(current, result);
        throw mongoError('BadValue', `${operation.name} to '${path}' overflows an int64 in ${idOf(document)}`);
      },
      create: () => create(argument),
    };
  };
}

function extreme(wantsLess: boolean, argument: Value): FieldOperator {
  return {
    onExisting(current) {
      const order = compare(argument, current);
      return (wantsLess ? order < 0 : order > 0) ? { value: argument } : 'none';
    },
    create: () => argument,
  };
}

/** The values of `$each`, or the value itself; `$push` may have a `$slice` beside it. */
function eachOf(name: '$push' | '$addToSet', argument: Value): { values: Value[]; slice?: number | undefined } {
  if (!isDoc(argument) || !argument.has('$each')) return { values: [argument] };
  const values = argument.get('$each');
  ensure(Array.isArray(values), name === '$push' ? 'BadValue' : 'TypeMismatch', `$each in ${name} must be an array`);
  const bad = [...argument.keys()].find((clause) => clause !== '$each' && !(name === '$push' && clause === '$slice'));
  ensure(!bad, 'BadValue', `Unrecognized clause in ${name}, or not one of the embedded database's: ${bad}`);
  const slice = asNumber(argument.get('$slice'));
  ensure(
    !argument.has('$slice') || Number.isInteger(slice),
    'BadValue',
    'The value for $slice must be an integer value',
  );
  return { values, slice };
}

function arrayOf(
  current: Value,
  name: string,
  { path, document }: OperatorContext,
  code: CodeName = 'BadValue',
): Value[] {
  if (Array.isArray(current)) return current;
  const message = `${name} needs an array, but '${path}' is of type ${typeName(current)} in document ${idOf(document)}`;
  throw mongoError(code, message);
}

function push(argument: Value): FieldOperator {
  const { values, slice } = eachOf('$push', argument);
  const pushed = (current: Value[]): Value[] => {
    const result = [...current, ...values];
    if (slice === undefined) return result;
    return slice < 0 ? result.slice(slice) : result.slice(0, slice);
  };
  return {
    onExisting(before, context) {
      const current = arrayOf(before, '$push', context);
      const value = pushed(current);
      // mongod counts a push as a change even when the slice takes away just what it added.
      return values.length === 0 && value.length === current.length ? 'none' : { value };
    },
    create: () => pushed([]),
    appends: true,
  };
}

function addToSet(argument: Value): FieldOperator {
  const { values } = eachOf('$addToSet', argument);
  const added = (current: Value[]): Value[] => {
    const result = [...current];
    for (const value of values) if (!result.some((element) => equal(element, value))) result.push(value);
    return result;
  };
  return {
    onExisting(before, context) {
      const current = arrayOf(before, '$addToSet', context);
      const value = added(current);
      return value.length === current.length ? 'none' : { value };
    },
    create: () => added([]),
    appends: true,
  };
}

function pull(argument: Value): FieldOperator {
  const drop = compileElementCondition(argument);
  return {
    onExisting(before, context) {
      const current = arrayOf(before, '$pull', context);
      const kept = current.filter((element) => !drop(element));
      return kept.length === current.length ? 'none' : { value: kept };
    },
  };
}

function pop(argument: Value, path: string): FieldOperator {
  const n = asNumber(argument);
  ensure(n === 1 || n === -1, 'FailedToParse', `$pop expects 1 or -1, found: ${show(argument)} at '${path}'`);
  return {
    onExisting(before, context) {
      const current = arrayOf(before, '$pop', context, 'TypeMismatch');
      return current.length === 0 ? 'none' : { value: n === 1 ? current.slice(0, -1) : current.slice(1) };
    },
  };
}

function currentDate(argument: Value): FieldOperator {
  const type = isDoc(argument) && argument.size === 1 ? argument.get('$type') : typeof argument === 'boolean' && 'date';
  const known = type === 'date' || type === 'timestamp';
  ensure(known, 'BadValue', `$currentDate takes true, {$type: 'date'} or {$type: 'timestamp'}, not ${show(argument)}`);
  const value = (now: Date): Value =>
    type === 'date' ? now : new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
  return { onExisting: (current, { now }) => changedTo(current, value(now)), create: ({ now }) => value(now) };
}

/** The operators by name, but for $rename, which works on two paths. */
export const OPERATORS: Record<string, Compiler | undefined> = {
  $set: set,
  $setOnInsert: set,
  $unset: () => ({ onExisting: () => 'remove', ignoresBadPath: true }),
  $inc: arithmetic(ADD, (argument) => argument),
  $mul: arithmetic(MULTIPLY, (argument) => combine(MULTIPLY, int(0), argument as Numeric)!),
  $min: (argument) => extreme(true, argument),
  $max: (argument) => extreme(false, argument),
  $push: push,
  $addToSet: addToSet,
  $pull: pull,
  $pop: pop,
  $currentDate: currentDate,
};
