import { mongoError } from '../errors';
import { compileElementCondition } from '../match';
import { compileSorter } from '../sort';
import { ADD, combine, MULTIPLY, type Numeric, type Operation } from '../values/arithmetic';
import { compare, equal, identical } from '../values/compare';
import { asNumber, int, isDoc, isNumeric, Timestamp, typeName, type Doc, type Value } from '../values/value';
import { describe, idOf } from '../values/describe';

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

function set(value: Value): FieldOperator {
  return { onExisting: (current) => changedTo(current, value), create: () => value };
}

function arithmetic(name: '$inc' | '$mul', operation: Operation, path: string, argument: Value): FieldOperator {
  const verb = name === '$inc' ? 'increment' : 'multiply';
  if (!isNumeric(argument))
    throw mongoError('TypeMismatch', `Cannot ${verb} with non-numeric argument: {${path}: ${describe(argument)}}`);
  const apply = (current: Numeric, document: Doc): Value => {
    const result = combine(operation, current, argument);
    if (result === undefined) {
      throw mongoError(
        'BadValue',
        `Failed to apply ${name} operations to current value ((NumberLong)${describe(current)}) for document ${idOf(document)}`,
      );
    }
    return result;
  };
  return {
    onExisting(current, { document, path: full }) {
      if (!isNumeric(current)) {
        throw mongoError(
          'TypeMismatch',
          `Cannot apply ${name} to a value of non-numeric type. ${idOf(document)} has the field ` +
            `'${full.split('.').at(-1)}' of non-numeric type ${typeName(current)}`,
        );
      }
      return changedTo(current, apply(current, document));
    },
    create: ({ document }) => (name === '$inc' ? argument : apply(int(0), document)),
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

/** The values of `$each`, or the value itself; `modifiers` are the clauses that may stand beside `$each`. */
function eachOf(name: string, argument: Value, modifiers: string[]): { values: Value[]; clauses: Doc } {
  if (!isDoc(argument) || !argument.has('$each')) return { values: [argument], clauses: new Map() };
  const values = argument.get('$each')!;
  if (!Array.isArray(values)) {
    const code = name === '$push' ? 'BadValue' : 'TypeMismatch';
    throw mongoError(code, `The argument to $each in ${name} must be an array but it was of type ${typeName(values)}`);
  }
  for (const clause of argument.keys()) {
    if (clause !== '$each' && !modifiers.includes(clause))
      throw mongoError('BadValue', `Unrecognized clause in ${name}: ${clause}`);
  }
  return { values, clauses: argument };
}

function wholeClause(clauses: Doc, name: string): number | undefined {
  const v = clauses.get(name);
  if (v === undefined) return undefined;
  const n = asNumber(v);
  if (n === undefined || !Number.isInteger(n))
    throw mongoError('BadValue', `The value for ${name} must be an integer value but was given type: ${typeName(v)}`);
  return n;
}

/** The order of `$push`'s `$sort`: of whole elements, or of the fields of elements that are documents. */
function pushOrder(v: Value): (values: Value[]) => Value[] {
  if (isDoc(v)) {
    if (v.size === 0) throw mongoError('BadValue', 'The $sort pattern is empty when it should be a set of fields.');
    const sorter = compileSorter(v);
    // An element that is no document sorts as one without the fields.
    const key = (element: Value): (Value | undefined)[] =>
      sorter.key(isDoc(element) ? element : new Map<string, Value>());
    return (values) =>
      values
        .map((element) => ({ element, key: key(element) }))
        .sort((a, b) => sorter.compareKeys(a.key, b.key))
        .map(({ element }) => element);
  }
  const n = asNumber(v);
  if (n !== 1 && n !== -1)
    throw mongoError('BadValue', 'The $sort element value must be either 1 or -1 or a document of fields');
  return (values) => [...values].sort((a, b) => n * compare(a, b));
}

function push(argument: Value): FieldOperator {
  const { values, clauses } = eachOf('$push', argument, ['$slice', '$sort', '$position']);
  const slice = wholeClause(clauses, '$slice');
  const position = wholeClause(clauses, '$position');
  const order = clauses.has('$sort') ? pushOrder(clauses.get('$sort')!) : undefined;
  const pushed = (current: Value[]): Value[] => {
    const at = position ?? current.length;
    const start = at < 0 ? Math.max(0, current.length + at) : Math.min(at, current.length);
    let result = [...current.slice(0, start), ...values, ...current.slice(start)];
    if (order) result = order(result);
    if (slice === undefined) return result;
    return slice < 0 ? result.slice(slice) : result.slice(0, slice);
  };
  return {
    onExisting(current, { path, document }) {
      if (!Array.isArray(current)) {
        throw mongoError(
          'BadValue',
          `The field '${path}' must be an array but is of type ${typeName(current)} in document ${idOf(document)}`,
        );
      }
      const value = pushed(current);
      // mongod counts a push as a change even when the slice takes away just what it added.
      return values.length === 0 && !order && value.length === current.length ? 'none' : { value };
    },
    create: () => pushed([]),
    appends: true,
  };
}

function addToSet(argument: Value): FieldOperator {
  const { values } = eachOf('$addToSet', argument, []);
  const added = (current: Value[]): Value[] => {
    const result = [...current];
    for (const value of values) if (!result.some((element) => equal(element, value))) result.push(value);
    return result;
  };
  return {
    onExisting(current, { path }) {
      if (!Array.isArray(current)) {
        throw mongoError(
          'BadValue',
          `Cannot apply $addToSet to non-array field. Field named '${path.split('.').at(-1)}' has non-array type ` +
            typeName(current),
        );
      }
      const value = added(current);
      return value.length === current.length ? 'none' : { value };
    },
    create: () => added([]),
    appends: true,
  };
}

function removing(name: string, drop: (element: Value) => boolean): FieldOperator {
  return {
    onExisting(current) {
      if (!Array.isArray(current)) throw mongoError('BadValue', `Cannot apply ${name} to a non-array value`);
      const kept = current.filter((element) => !drop(element));
      return kept.length === current.length ? 'none' : { value: kept };
    },
  };
}

function pullAll(argument: Value): FieldOperator {
  if (!Array.isArray(argument))
    throw mongoError('BadValue', `$pullAll requires an array argument but was given a ${typeName(argument)}`);
  return removing('$pullAll', (element) => argument.some((value) => equal(element, value)));
}

function pop(path: string, argument: Value): FieldOperator {
  const n = asNumber(argument);
  if (n !== 1 && n !== -1)
    throw mongoError('FailedToParse', `$pop expects 1 or -1, found: ${describe(argument)} at '${path}'`);
  return {
    onExisting(current, { path: full }) {
      if (!Array.isArray(current)) {
        throw mongoError('TypeMismatch', `Path '${full}' contains an element of non-array type '${typeName(current)}'`);
      }
      if (current.length === 0) return 'none';
      return { value: n === 1 ? current.slice(0, -1) : current.slice(1) };
    },
  };
}

function currentDate(argument: Value): FieldOperator {
  let timestamp = false;
  if (isDoc(argument)) {
    const type = argument.get('$type');
    if (argument.size !== 1 || type === undefined)
      throw mongoError(
        'BadValue',
        'The only valid field of the option is "$type": {$currentDate: {field : {$type: ..}}}',
      );
    if (type !== 'date' && type !== 'timestamp')
      throw mongoError('BadValue', `The '$type' string field is required to be 'date' or 'timestamp'`);
    timestamp = type === 'timestamp';
  } else if (typeof argument !== 'boolean') {
    throw mongoError(
      'BadValue',
      `${typeName(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression`,
    );
  }
  const value = (now: Date): Value => (timestamp ? new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 }) : now);
  return { onExisting: (current, { now }) => changedTo(current, value(now)), create: ({ now }) => value(now) };
}

/** Array elements are not removed by `$unset` but set to null, which the caller does. */
const unset: FieldOperator = { onExisting: () => 'remove', ignoresBadPath: true };

/** Compiles one operator on one path; undefined for an operator that doesn't exist ($rename is the caller's). */
export function compileOperator(name: string, path: string, argument: Value): FieldOperator | undefined {
  switch (name) {
    case '$set':
    case '$setOnInsert':
      return set(argument);
    case '$unset':
      return unset;
    case '$inc':
      return arithmetic(name, ADD, path, argument);
    case '$mul':
      return arithmetic(name, MULTIPLY, path, argument);
    case '$min':
      return extreme(true, argument);
    case '$max':
      return extreme(false, argument);
    case '$push':
      return push(argument);
    case '$addToSet':
      return addToSet(argument);
    case '$pull':
      return removing('$pull', compileElementCondition(argument));
    case '$pullAll':
      return pullAll(argument);
    case '$pop':
      return pop(path, argument);
    case '$currentDate':
      return currentDate(argument);
    default:
      return undefined;
  }
}
