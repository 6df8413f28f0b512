import { compileExpression, type Variables } from './aggregate/expression';
import { compileMatcher, isOperatorDocument } from './match';
import { equal } from './values/compare';
import {
  asNumber,
  BSONRegExp,
  doc,
  isDoc,
  isNumeric,
  ObjectId,
  typeName,
  type Doc,
  type TypeName,
  type Value,
} from './values/value';

/** An end of a range. */
interface End {
  value: Value;
  inclusive: boolean;
}

/** What a filter says of one path that an index can serve. All that it says is checked on the documents afterwards. */
export interface Condition {
  /** The path must have one of these values. */
  points?: Value[];
  above?: End;
  below?: End;
  /** The path must have none of these values; null is not among them. */
  except?: Value[];
  /** The operators on the path as they were written. */
  written: Doc[];
  /** More is said of the path than the above. */
  more?: boolean;
}

/** What a filter says of the paths that it names. */
export interface Conditions {
  byPath: Map<string, Condition>;
  /** They say all that the filter says, where there is no array on their paths. */
  whole: boolean;
}

/** Types whose ranges an index serves: comparisons never leave the type. */
const RANGES: TypeName[] = [
  'double',
  'int',
  'long',
  'decimal',
  'string',
  'binData',
  'objectId',
  'bool',
  'date',
  'timestamp',
];

/** The conditions of a filter, by path, that must all hold ($and and an $expr's equalities with variables are taken in). */
export function conditionsOf(filter: Doc, vars: Variables = new Map()): Conditions {
  const byPath = new Map<string, Condition>();
  const whole = collect(filter, vars, byPath) && [...byPath.values()].every(isExact);
  return { byPath, whole };
}

/** Whether a condition lets the same values through as its bounds in an index. */
function isExact({ points, above, below, except, more }: Condition): boolean {
  if (more || except) return false;
  if (points) return !above && !below && points.every(isPlain);
  // NaN lies below all numbers, and is in no range of them.
  if (below && !above && isNumeric(below.value)) return false;
  return [above, below].every((end) => !end || isPlain(end.value));
}

/** Values of which a bound means just what a comparison does. */
function isPlain(value: Value): boolean {
  if (isNumeric(value)) return !Number.isNaN(asNumber(value));
  return typeof value === 'string' || typeof value === 'boolean' || value instanceof ObjectId || value instanceof Date;
}

/** False where the filter says something that is not in the conditions. */
function collect(filter: Doc, vars: Variables, conditions: Map<string, Condition>): boolean {
  let whole = true;
  const at = (path: string): Condition => {
    const condition = conditions.get(path) ?? { written: [] };
    conditions.set(path, condition);
    return condition;
  };
  for (const [name, value] of filter) {
    if (name === '$and' && Array.isArray(value)) {
      for (const part of value) if (isDoc(part)) whole = collect(part, vars, conditions) && whole;
    } else if (name === '$expr') {
      const found = equalities(value, vars);
      whole &&= found.length === partsOf(value);
      for (const [path, point] of found) add(at(path), '$eq', point);
    } else if (name.startsWith('$')) whole = false;
    else {
      const operators = isOperatorDocument(value) ? value : doc({ $eq: value });
      at(name).written.push(operators);
      for (const [operator, operand] of operators) add(at(name), operator, operand);
    }
  }
  return whole;
}

/** How many expressions an expression wants to be true. */
function partsOf(expression: Value): number {
  const and = isDoc(expression) ? expression.get('$and') : undefined;
  return Array.isArray(and) ? and.reduce<number>((sum, part) => sum + partsOf(part), 0) : 1;
}

/**
 * The paths that an expression wants equal to a variable. It compares a path's value as a whole and so finds fewer
 * documents than an index has under the value, but for null and missing, which an index does not tell apart.
 */
function equalities(expression: Value, vars: Variables): [string, Value][] {
  if (!isDoc(expression)) return [];
  const [and, eq] = [expression.get('$and'), expression.get('$eq')];
  if (Array.isArray(and)) return and.flatMap((part) => equalities(part, vars));
  if (!Array.isArray(eq)) return [];
  const path = eq.find((side) => typeof side === 'string' && /^\$[^$]/.test(side));
  const variable = eq.find((side) => typeof side === 'string' && vars.has(/^\$\$([^.]+)/.exec(side)?.[1] ?? ''));
  const value = path !== undefined && variable !== undefined && compileExpression(variable, vars)(new Map());
  return value === false || value == null ? [] : [[(path as string).slice(1), value]];
}

/** Says nothing more of a path in an index that is not multikey. */
const NO_ARRAY = doc({ $type: 'array' });

function add(condition: Condition, operator: string, operand: Value): void {
  const rangeable = RANGES.includes(typeName(operand));
  const points = operator === '$eq' ? [operand] : operator === '$in' && Array.isArray(operand) ? operand : undefined;
  if (points?.every(isPoint) && !condition.points) condition.points = points;
  else if ((operator === '$gt' || operator === '$gte') && rangeable && !condition.above)
    condition.above = { value: operand, inclusive: operator === '$gte' };
  else if ((operator === '$lt' || operator === '$lte') && rangeable && !condition.below)
    condition.below = { value: operand, inclusive: operator === '$lte' };
  else if (operator === '$ne' || operator === '$nin') {
    const values = operator === '$nin' && Array.isArray(operand) ? operand : [operand];
    // Null stays in: an index keeps an empty list beside it, which does not equal it.
    const left = values.filter((value) => value !== null && isPoint(value));
    if (left.length > 0) condition.except = [...(condition.except ?? []), ...left];
    condition.more = true;
  } else if (!(operator === '$not' && equal(operand, NO_ARRAY))) condition.more = true;
}

/** Whether a condition says no more of a path than which values it does not have. */
export function isOpen({ points, above, below, except }: Condition): boolean {
  return except !== undefined && (points ?? above ?? below) === undefined;
}

/** Values that equal only what an index keeps under the same key: no arrays and patterns. */
function isPoint(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof BSONRegExp);
}

/** True when every document that meets the conditions is sure to be in a partial index with this filter. */
export function implies(conditions: Map<string, Condition>, partial: Doc): boolean {
  return [...partial].every(([name, value]) => {
    if (name === '$and' && Array.isArray(value)) return value.every((part) => implies(conditions, part as Doc));
    const condition = name.startsWith('$') ? undefined : conditions.get(name);
    return condition !== undefined && impliesField(condition, name, value);
  });
}

function impliesField({ written, points, above, below }: Condition, path: string, wanted: Value): boolean {
  const operators = isOperatorDocument(wanted) ? wanted : doc({ $eq: wanted });
  // Written the same, or asking for values that the partial filter takes.
  if (written.some((one) => equal(one, operators))) return true;
  if (points !== undefined && points.length > 0) {
    const matches = compileMatcher(new Map([[path, wanted]]));
    return points.every((value) => value !== null && matches(nested(path, value)));
  }
  return operators.size === 1 && operators.has('$exists') && (above ?? below) !== undefined;
}

function nested(path: string, value: Value): Doc {
  return path.split('.').reduceRight<Value>((inner, part) => new Map([[part, inner]]), value) as Doc;
}
