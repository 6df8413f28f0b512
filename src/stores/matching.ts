import { Decimal128, Double, Int32, Long, ObjectId, type Document, type Filter } from 'mongodb';

/**
 * The filters that filters.ts makes, judged in the process as MongoDB judges them: live subscriptions ask of each changed
 * document whether it is under theirs, and a query for each would grow with the subscribers. It knows the operators that
 * filters.ts uses; any other is an error when the filter is compiled.
 */

/** Whether a document, as the driver reads it, is under a filter. */
export type Matcher = (document: Document) => boolean;

type Test = (value: unknown) => boolean;

/** What BSON compares with each other: values of other types are neither equal nor in order. */
type Scalar = number | string | boolean | Date | ObjectId | null;

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Double || value instanceof Int32) return value.value;
  if (value instanceof Long || value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Negative, zero or positive as BSON orders two values of one type; undefined where the types differ. */
function compare(stored: unknown, given: Scalar): number | undefined {
  if (given === null) return stored === null || stored === undefined ? 0 : undefined;
  if (typeof given === 'number') {
    const number = numberOf(stored);
    if (number === undefined) return undefined;
    if (Number.isNaN(number)) return Number.isNaN(given) ? 0 : -1;
    return number - given || (number === given ? 0 : number < given ? -1 : 1);
  }
  if (typeof given === 'string') {
    return typeof stored === 'string' ? Buffer.compare(Buffer.from(stored), Buffer.from(given)) : undefined;
  }
  if (given instanceof Date) return stored instanceof Date ? stored.getTime() - given.getTime() : undefined;
  if (given instanceof ObjectId) {
    return stored instanceof ObjectId ? Buffer.compare(stored.id, given.id) : undefined;
  }
  return typeof stored === 'boolean' ? Number(stored) - Number(given) : undefined;
}

/** Equality as `$expr` has it: a missing value is not null, and objects are equal key by key, in order. */
function isSame(stored: unknown, given: unknown): boolean {
  if (Array.isArray(given)) {
    return Array.isArray(stored) && stored.length === given.length && given.every((item, i) => isSame(stored[i], item));
  }
  if (isObject(given)) {
    if (!isObject(stored)) return false;
    const [ours, theirs] = [Object.entries(stored), Object.entries(given)];
    return (
      ours.length === theirs.length &&
      theirs.every(([key, item], i) => ours[i]![0] === key && isSame(ours[i]![1], item))
    );
  }
  return stored !== undefined && compare(stored, given as Scalar) === 0;
}

/** Names of `$type` that filters use, by what they stand for. */
const TYPES: Record<string, Test> = {
  array: (value) => Array.isArray(value),
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  number: (value) => numberOf(value) !== undefined,
};

/** One operator's test of one value; a list is tested by its items, too, by whoever calls. */
function testOf(operator: string, operand: unknown, options: unknown): Test {
  const given = operand as Scalar;
  switch (operator) {
    case '$eq':
      return (value) => compare(value, given) === 0;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return (value) => {
        const order = value === undefined ? undefined : compare(value, given);
        if (order === undefined) return false;
        return (order === 0 && operator.length === 4) || (operator.startsWith('$g') ? order > 0 : order < 0);
      };
    case '$in': {
      const all = operand as Scalar[];
      return (value) => all.some((one) => compare(value, one) === 0);
    }
    case '$regex': {
      const pattern = new RegExp(operand as string, options === 'i' ? 'iu' : 'u');
      return (value) => typeof value === 'string' && pattern.test(value);
    }
    case '$type':
      return found(TYPES, operand as string);
    case '$exists':
      return (value) => (value !== undefined) === operand;
    default:
      throw new Error(`Filters are not known to use ${operator}.`);
  }
}

function found<T>(table: Record<string, T>, name: string): T {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined) throw new Error(`Filters are not known to use the type ${name}.`);
  return entry;
}

/**
 * Whether any value that a path leads to passes: lists on the way are entered, by position too, and a list at the end
 * stands for itself and for its items. A path that leads nowhere gives undefined.
 */
function anyAt(value: unknown, keys: readonly string[], at: number, test: Test): boolean {
  if (at === keys.length) return test(value) || (Array.isArray(value) && value.some(test));
  const key = keys[at]!;
  if (Array.isArray(value)) {
    const items = value.some((item) => isObject(item) && anyAt(item, keys, at, test));
    return (
      items || (/^(0|[1-9]\d*)$/.test(key) && Number(key) < value.length && anyAt(value[+key], keys, at + 1, test))
    );
  }
  const next = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (next === undefined) return test(undefined);
  return anyAt(next, keys, at + 1, test);
}

/** A field's condition: operators, all of which hold. */
function condition(path: string, operand: unknown): Matcher {
  const keys = path.split('.');
  const operators = isOperators(operand) ? operand : { $eq: operand };
  const parts = Object.entries(operators).flatMap(([operator, value]): Matcher[] => {
    switch (operator) {
      case '$options':
        return [];
      case '$not':
        return [not(condition(path, value))];
      case '$ne':
        return [not(condition(path, { $eq: value }))];
      case '$nin':
        return [not(condition(path, { $in: value }))];
      case '$all':
        return (value as unknown[]).map((one) => condition(path, { $eq: one }));
      default: {
        const test = testOf(operator, value, operators.$options);
        return [(document) => anyAt(document, keys, 0, test)];
      }
    }
  });
  return every(parts);
}

function isOperators(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).some((key) => key.startsWith('$'));
}

/** The value at a path of an expression, which filters apply to no lists on the way. */
function valueAt(document: Document, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), document);
}

/** The two expressions of filters: equality with a whole list, and the number of an object's keys. */
function expression(operand: unknown): Matcher {
  const [left, right] = (operand as { $eq: [unknown, unknown] }).$eq;
  if (typeof left === 'string') {
    const { $literal } = right as { $literal: unknown };
    return (document) => isSame(valueAt(document, left.slice(1)), $literal);
  }
  const [, size] = (left as { $cond: [unknown, { $size: { $objectToArray: string } }, -1] }).$cond;
  const path = size.$size.$objectToArray.slice(1);
  return (document) => {
    const value = valueAt(document, path);
    return isObject(value) && Object.keys(value).length === right;
  };
}

function every(matchers: readonly Matcher[]): Matcher {
  if (matchers.length === 1) return matchers[0]!;
  return (document) => matchers.every((matches) => matches(document));
}

function some(matchers: readonly Matcher[]): Matcher {
  return (document) => matchers.some((matches) => matches(document));
}

function not(matches: Matcher): Matcher {
  return (document) => !matches(document);
}

/** The matcher of a filter that filters.ts made. */
export function matcherOf(filter: Filter<Document>): Matcher {
  const parts = Object.entries(filter).map(([name, operand]): Matcher => {
    const branches = () => (operand as Filter<Document>[]).map(matcherOf);
    switch (name) {
      case '$and':
        return every(branches());
      case '$or':
        return some(branches());
      case '$nor':
        return not(some(branches()));
      case '$expr':
        return expression(operand);
      default:
        return condition(name, operand);
    }
  });
  return every(parts);
}
