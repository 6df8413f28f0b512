import { compileMatcher } from './match';
import { equal, RANK, typeRank } from './values/compare';
import { asNumber, BSONRegExp, isDoc, Undefined, type Doc, type Value } from './values/value';

/** An end of a range. */
interface End {
  value: Value;
  inclusive: boolean;
}

/** What a filter says of one path that an index can serve. What it leaves out is checked on the documents. */
export interface Condition {
  /** The path must have one of these values. */
  points?: Value[];
  above?: End;
  below?: End;
  /** The path must have none of these values; null is not among them. */
  except?: Value[];
  /** The values and ends say all that was written of the path. */
  exact: boolean;
  /** The operators on the path as they were written. */
  written: Doc[];
}

/** Types whose ranges an index serves: comparisons never leave the type. */
const RANGE_RANKS: number[] = [
  RANK.number,
  RANK.string,
  RANK.binData,
  RANK.objectId,
  RANK.bool,
  RANK.date,
  RANK.timestamp,
];

/** The conditions of a filter, by path, that must all hold ($and is looked into). */
export function conditionsOf(filter: Doc): Map<string, Condition> {
  const conditions = new Map<string, Condition>();
  collect(filter, conditions);
  return conditions;
}

function collect(filter: Doc, conditions: Map<string, Condition>): void {
  for (const [name, value] of filter) {
    if (name === '$and' && Array.isArray(value)) {
      for (const part of value) if (isDoc(part)) collect(part, conditions);
    }
    if (name.startsWith('$')) continue;
    const operators =
      isDoc(value) && value.keys().next().value?.startsWith('$') === true ? value : new Map([['$eq', value]]);
    const condition: Condition = conditions.get(name) ?? { written: [], exact: true };
    condition.written.push(operators);
    for (const [operator, operand] of operators) add(condition, operator, operand);
    condition.exact = isExact(condition, operators);
    if (condition.points ?? condition.above ?? condition.below ?? condition.except) conditions.set(name, condition);
    else if (operators.get('$exists') !== undefined) conditions.set(name, condition);
  }
}

/** Ranges of numbers without a lower end take in NaN, which no comparison but with itself meets. */
function isExact({ written, points, above, below }: Condition, operators: Doc): boolean {
  if (written.length > 1) return false;
  if (points !== undefined) return operators.size === 1 && !points.includes(null);
  const ends = (above ? 1 : 0) + (below ? 1 : 0);
  const numbers = below !== undefined && typeRank(below.value) === RANK.number;
  return (
    ends === operators.size && ends > 0 && (above !== undefined || !numbers) && !isNaNEnd(above) && !isNaNEnd(below)
  );
}

function isNaNEnd(end: End | undefined): boolean {
  return end !== undefined && Number.isNaN(asNumber(end.value));
}

function add(condition: Condition, operator: string, operand: Value): void {
  switch (operator) {
    case '$eq':
      if (isPoint(operand)) condition.points ??= [operand];
      return;
    case '$in':
      if (Array.isArray(operand) && operand.every(isPoint)) condition.points ??= operand;
      return;
    case '$gt':
    case '$gte':
      if (isRangeable(operand)) condition.above ??= { value: operand, inclusive: operator === '$gte' };
      return;
    case '$lt':
    case '$lte':
      if (isRangeable(operand)) condition.below ??= { value: operand, inclusive: operator === '$lte' };
      return;
    case '$ne':
      return leaveOut(condition, [operand]);
    case '$nin':
      return leaveOut(condition, Array.isArray(operand) ? operand : []);
    default:
  }
}

/** Null stays in: an index keeps an empty list beside it, which does not equal it. */
function leaveOut(condition: Condition, values: Value[]): void {
  const left = values.filter((value) => value !== null && isPoint(value));
  if (left.length > 0) condition.except = [...(condition.except ?? []), ...left];
}

/** Values that equal only what an index keeps under the same key: no arrays, patterns or undefined. */
function isPoint(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof BSONRegExp) && !(value instanceof Undefined);
}

function isRangeable(value: Value): boolean {
  return RANGE_RANKS.includes(typeRank(value));
}

/** True when every document that meets the conditions is sure to be in a partial index with this filter. */
export function implies(conditions: Map<string, Condition>, partial: Doc): boolean {
  for (const [name, value] of partial) {
    if (name === '$and' && Array.isArray(value)) {
      if (!value.every((part) => isDoc(part) && implies(conditions, part))) return false;
      continue;
    }
    const condition = name.startsWith('$') ? undefined : conditions.get(name);
    if (condition === undefined || !impliesField(condition, name, value)) return false;
  }
  return true;
}

function impliesField(condition: Condition, path: string, wanted: Value): boolean {
  const operators = isDoc(wanted) && wanted.keys().next().value?.startsWith('$') === true ? wanted : undefined;
  // Written the same, or asking for values that the partial filter takes.
  if (condition.written.some((written) => equal(written, operators ?? new Map([['$eq', wanted]])))) return true;
  if (condition.points !== undefined && condition.points.length > 0) {
    const matcher = compileMatcher(new Map([[path, wanted]]));
    return condition.points.every((value) => value !== null && matcher.matches(nested(path, value)));
  }
  const exists = operators?.size === 1 && operators.get('$exists') !== undefined;
  return exists && (condition.above ?? condition.below) !== undefined;
}

function nested(path: string, value: Value): Doc {
  return path.split('.').reduceRight<Value>((inner, part) => new Map([[part, inner]]), value) as Doc;
}
