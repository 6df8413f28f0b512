import { toBoolean } from '../aggregate/coerce';
import { compileExpression, type Variables } from '../aggregate/expression';
import { ensure, mongoError } from '../errors';
import { BSONRegExp, doc, isDoc, type Doc, type Value } from '../values/value';
import {
  comparison,
  inTest,
  isOperatorDocument,
  modTest,
  regexFrom,
  regexTest,
  sizeTest,
  typeTest,
} from './predicates';
import { walkerOf, type DocTest, type ValueTest } from './traverse';

export { isOperatorDocument } from './predicates';

/** Whether some value of a field passes a test: where there is a path, at its end, with arrays entered or not. */
type Holds = (test: ValueTest, enterLast: boolean) => boolean;

/** A condition on one field, before its path is known. */
type Condition = (holds: Holds) => boolean;

const leaf =
  (test: ValueTest): Condition =>
  (holds) =>
    holds(test, true);
const whole =
  (test: ValueTest): Condition =>
  (holds) =>
    holds(test, false);
const not =
  (of: Condition): Condition =>
  (holds) =>
    !of(holds);

/** The condition on the documents that hold the field at `path`. */
function onPath(path: string, condition: Condition): DocTest {
  const walk = walkerOf(path);
  return (document) => condition((test, enterLast) => walk(document, test, enterLast));
}

/** The condition on a value by itself, as `$elemMatch` and `$pull` apply it. */
function onValue(condition: Condition): ValueTest {
  return (v) => condition((test) => test(v));
}

function every<T>(tests: ((v: T) => boolean)[]): (v: T) => boolean {
  return tests.length === 1 ? tests[0]! : (v) => tests.every((test) => test(v));
}

/** Operators that stand where a field's name could, not in a condition on a field. */
const LOGICAL = ['$and', '$or', '$nor', '$expr', '$comment', '$where', '$text', '$jsonSchema'];

/** True for operators that are a condition on a value, rather than conditions on the fields of a document. */
function isValueCondition(v: Value): v is Doc {
  return isOperatorDocument(v) && !LOGICAL.includes(v.keys().next().value!);
}

function elemMatch(v: Value, vars: Variables): ValueTest {
  ensure(isDoc(v), 'BadValue', '$elemMatch needs an Object');
  if (isValueCondition(v)) {
    const test = onValue(operators(v, vars));
    return (array) => Array.isArray(array) && array.some(test);
  }
  const bad = ['$where', '$text', '$expr'].some((name) => (v as Doc).has(name));
  ensure(!bad, 'BadValue', '$elemMatch cannot contain $where, $text or $expr expressions');
  const test = compileMatcher(v, vars);
  return (array) =>
    Array.isArray(array) &&
    array.some((element) => {
      if (element instanceof Map) return test(element);
      return Array.isArray(element) && test(new Map(element.map((inner, i) => [String(i), inner])));
    });
}

function allOf(v: Value, vars: Variables): Condition {
  ensure(Array.isArray(v), 'BadValue', '$all needs an array');
  if (v.length === 0) return leaf(() => false);
  const matching = v.filter((element) => isDoc(element) && element.keys().next().value === '$elemMatch') as Doc[];
  const consistent = matching.length === 0 || (matching.length === v.length && matching.every((m) => m.size === 1));
  ensure(consistent, 'BadValue', '$all/$elemMatch has to be consistent');
  if (matching.length > 0) return every(matching.map((m) => whole(elemMatch(m.get('$elemMatch')!, vars))));
  ensure(!v.some(isOperatorDocument), 'BadValue', 'no $ expressions in $all');
  return every(v.map(plain));
}

/** The condition that a value or a regular expression states by itself. */
function plain(v: Value): Condition {
  return leaf(v instanceof BSONRegExp ? regexTest(v) : comparison('$eq', v));
}

function negation(v: Value, vars: Variables): Condition {
  if (v instanceof BSONRegExp) return not(plain(v));
  ensure(isDoc(v), 'BadValue', '$not needs a regex or a document');
  ensure(v.size > 0, 'BadValue', '$not cannot be empty');
  return not(operators(v, vars));
}

function operator(name: string, v: Value, document: Doc, vars: Variables): Condition | undefined {
  switch (name) {
    case '$eq':
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return leaf(comparison(name, v));
    case '$ne':
      ensure(!(v instanceof BSONRegExp), 'BadValue', "Can't have regex as arg to $ne.");
      return not(leaf(comparison('$eq', v)));
    case '$in':
      return leaf(inTest(v));
    case '$nin':
      return not(leaf(inTest(v)));
    case '$not':
      return negation(v, vars);
    case '$exists': {
      const exists = leaf((value) => value !== undefined);
      return toBoolean(v) ? exists : not(exists);
    }
    case '$type':
      return leaf(typeTest(v));
    case '$regex':
      return leaf(regexFrom(v, document.get('$options')));
    case '$options':
      ensure(document.has('$regex'), 'BadValue', '$options needs a $regex');
      return undefined;
    case '$mod':
      return leaf(modTest(v));
    case '$size':
      return whole(sizeTest(v));
    case '$all':
      return allOf(v, vars);
    case '$elemMatch':
      return whole(elemMatch(v, vars));
    case '$comment':
      return undefined;
    default:
      throw mongoError('BadValue', `unknown operator: ${name}`);
  }
}

function operators(document: Doc, vars: Variables): Condition {
  const conditions = [...document].map(([name, v]) => operator(name, v, document, vars));
  return every(conditions.filter((condition) => condition !== undefined));
}

/** The condition that a filter's `field: value` states. */
function fieldCondition(v: Value, vars: Variables): Condition {
  return isOperatorDocument(v) ? operators(v, vars) : plain(v);
}

function branches(name: string, v: Value, vars: Variables): DocTest[] {
  ensure(Array.isArray(v) && v.length > 0, 'BadValue', `${name} must be a nonempty array`);
  return v.map((branch) => {
    ensure(isDoc(branch), 'BadValue', `${name} entries need to be full objects`);
    return compileMatcher(branch, vars);
  });
}

function topLevel(name: string, v: Value, vars: Variables): DocTest | undefined {
  switch (name) {
    case '$and':
      return every(branches(name, v, vars));
    case '$or':
    case '$nor': {
      const tests = branches(name, v, vars);
      return (document) => tests.some((test) => test(document)) === (name === '$or');
    }
    case '$expr': {
      const evaluate = compileExpression(v, vars);
      return (document) => toBoolean(evaluate(document));
    }
    case '$comment':
      return undefined;
    default:
      throw mongoError('BadValue', `unknown top level operator, or not one of the embedded database's: ${name}`);
  }
}

/**
 * Compiles a filter. `vars` are the variables ($$name) that its `$expr` may use. Throws the MongoError that mongod
 * gives for a bad filter; an operator that isn't known is refused by name.
 */
export function compileMatcher(filter: Doc, vars: Variables = new Map()): DocTest {
  const tests: DocTest[] = [];
  for (const [name, v] of filter) {
    const test = name.startsWith('$') ? topLevel(name, v, vars) : onPath(name, fieldCondition(v, vars));
    if (test) tests.push(test);
  }
  return every(tests);
}

/** One filter that says what all of several say. */
export function conjunction(filters: Doc[]): Doc {
  const merged: Doc = new Map(filters.flatMap((filter) => [...filter]));
  const fields = filters.reduce((sum, filter) => sum + filter.size, 0);
  return merged.size === fields ? merged : doc({ $and: filters });
}

/**
 * Compiles the condition of `$pull`: operators test the element itself, and a
 * document's fields test the fields of an element that is a document.
 */
export function compileElementCondition(v: Value): ValueTest {
  if (!isDoc(v) || isValueCondition(v)) return onValue(fieldCondition(v, new Map()));
  const test = compileMatcher(v);
  return (element) => element instanceof Map && test(element);
}

/** The one value that a field's condition fixes it to, or undefined. */
function fixedValue(v: Value): Value | undefined {
  if (v instanceof BSONRegExp) return undefined;
  if (!isOperatorDocument(v)) return v;
  if (v.has('$eq')) return v.get('$eq');
  const list = v.get('$all') ?? v.get('$in');
  if (!Array.isArray(list) || list.length !== 1 || list[0] instanceof BSONRegExp) return undefined;
  return v.has('$all') && isDoc(list[0]) ? undefined : list[0];
}

function addEqualities(filter: Doc, into: Map<string, Value>): void {
  for (const [name, v] of filter) {
    if (Array.isArray(v) && (name === '$and' || (name === '$or' && v.length === 1))) {
      for (const branch of v) if (isDoc(branch)) addEqualities(branch, into);
    }
    const value = name.startsWith('$') ? undefined : fixedValue(v);
    if (value === undefined) continue;
    ensure(!into.has(name), 'NotSingleValueField', `cannot infer fields to set, path '${name}' is matched twice`);
    into.set(name, value);
  }
}

/**
 * The dotted paths that a filter fixes to one value, in order: what an upsert's new document starts from. Looks into
 * `$and`. Throws 54 (NotSingleValueField) when a path is fixed twice.
 */
export function equalityFields(filter: Doc): Map<string, Value> {
  const fields = new Map<string, Value>();
  addEqualities(filter, fields);
  return fields;
}
