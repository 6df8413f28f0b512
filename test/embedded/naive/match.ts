import type { BSONRegExp } from 'bson';
import { bracket, compare, hasType, isNaNumber, isObject, typeName, wholePart, type Bson, type Obj } from './compare';

/**
 * What a dotted path leads to in a document, as a query sees it: arrays on the way stand for the documents in them, and
 * for one element where the path has its number. With `spread` an array at the end stands for its elements and itself.
 */
export function reached(value: Bson, path: string[], spread: boolean): Bson[] {
  if (path.length === 0) return spread && Array.isArray(value) ? [...(value as Bson[]), value] : [value];
  const [field, ...rest] = path;
  if (isObject(value)) return reached(Object.hasOwn(value, field!) ? value[field!] : undefined, rest, spread);
  if (!Array.isArray(value)) return [undefined];
  return value.flatMap((element: Bson, n) => {
    const inside = isObject(element) ? reached(element, path, spread) : [];
    if (String(n) !== field) return inside;
    if (rest.length === 0) return [...inside, element];
    return isObject(element) || Array.isArray(element) ? [...inside, ...reached(element, rest, spread)] : inside;
  });
}

/**
 * A comparison: only values of one bracket of types compare, except with minKey and maxKey, and NaN is equal to itself but
 * neither above nor below anything.
 */
function holds(name: string, value: Bson, operand: Bson): boolean {
  const types = bracket(operand);
  if (bracket(value) !== types && types !== 'minKey' && types !== 'maxKey') return false;
  if (types === 'number' && isNaNumber(value) !== isNaNumber(operand)) return false;
  const order = compare(value, operand);
  if (order === 0) return name === '$eq' || name === '$gte' || name === '$lte';
  return order < 0 ? name === '$lt' || name === '$lte' : name === '$gt' || name === '$gte';
}

function fits(value: Bson, pattern: string, options: string): boolean {
  if (typeof value === 'string') return new RegExp(pattern, options).test(value);
  const regex = value as BSONRegExp;
  return typeName(value) === 'regex' && regex.pattern === pattern && regex.options === options;
}

/** Equality as $in and a plain value have it: a regular expression is looked for in strings. */
function equals(value: Bson, operand: Bson): boolean {
  const regex = operand as BSONRegExp;
  return holds('$eq', value, operand) || (typeName(operand) === 'regex' && fits(value, regex.pattern, regex.options));
}

/** Gives the values that an operator looks at, with or without the elements of arrays. */
type Reach = (spread: boolean) => Bson[];

const isOperators = (condition: Bson): condition is Obj =>
  isObject(condition) && Object.keys(condition)[0]?.startsWith('$') === true;

function elementMatches(element: Bson, condition: Obj): boolean {
  const valueForm = isOperators(condition) && !/^\$(and|or|nor)$/.test(Object.keys(condition)[0]!);
  if (valueForm) return satisfies(() => [element], condition);
  // An array in an array is looked at as a document with the fields 0, 1, 2…
  if (Array.isArray(element)) return matches({ ...(element as Bson[]) }, condition);
  return isObject(element) && matches(element, condition);
}

function operator(reach: Reach, name: string, operand: Bson, siblings: Obj): boolean {
  const list = operand as Bson[];
  switch (name) {
    case '$eq':
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return reach(true).some((value) => holds(name, value, operand));
    case '$ne':
      return !operator(reach, '$eq', operand, siblings);
    case '$in':
      return reach(true).some((value) => list.some((item) => equals(value, item)));
    case '$nin':
      return !operator(reach, '$in', operand, siblings);
    case '$not':
      return !satisfies(reach, operand);
    case '$exists':
      return reach(true).some((value) => value !== undefined) === Boolean(operand?.valueOf());
    case '$type':
      return reach(true).some((value) => [operand].flat().some((type) => hasType(value, type)));
    case '$size':
      return reach(false).some((value) => Array.isArray(value) && value.length === Number(operand));
    case '$mod': {
      const [divisor, remainder] = list.map((n) => wholePart(n)!) as [bigint, bigint];
      return reach(true).some((value) => {
        const whole = wholePart(value);
        return whole !== undefined && whole % divisor === remainder;
      });
    }
    case '$regex':
      return reach(true).some((value) => fits(value, operand as string, (siblings.$options ?? '') as string));
    case '$options':
      return true;
    case '$all':
      return (
        list.length > 0 &&
        list.every((item) =>
          isOperators(item) ? satisfies(reach, item) : reach(true).some((value) => equals(value, item)),
        )
      );
    case '$elemMatch':
      return reach(false).some(
        (value) => Array.isArray(value) && value.some((element) => elementMatches(element, operand as Obj)),
      );
    default:
      throw new Error(`The model has no ${name}.`);
  }
}

function satisfies(reach: Reach, condition: Bson): boolean {
  if (!isOperators(condition)) return reach(true).some((value) => equals(value, condition));
  return Object.entries(condition).every(([name, operand]) => operator(reach, name, operand, condition));
}

/** Whether a document matches a filter (manual: reference/operator/query). Throws for an operator it doesn't have. */
export function matches(document: Obj, filter: Obj): boolean {
  return Object.entries(filter).every(([name, operand]) => {
    const each = (): boolean[] => (operand as Obj[]).map((branch) => matches(document, branch));
    if (name === '$and') return !each().includes(false);
    if (name === '$or') return each().includes(true);
    if (name === '$nor') return !each().includes(true);
    return satisfies((spread) => reached(document, name.split('.'), spread), operand);
  });
}
