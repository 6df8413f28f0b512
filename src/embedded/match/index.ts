import { compileExpression } from '../aggregate/expression';
import { toBoolean } from '../aggregate/coerce';
import { mongoError } from '../errors';
import { BSONRegExp, isDoc, Undefined, type Doc, type Value } from '../values/value';
import { comparison, inTest, isDBRef, modTest, regexFrom, regexTest, sizeTest, truthy, typeTest } from './predicates';
import { pathTest, type DocTest, type ValueTest } from './traverse';

export interface Matcher {
  matches: (document: Doc) => boolean;
}

/** A condition on one field, before its path is known. */
type Condition =
  | { kind: 'leaf'; test: ValueTest; enterLast: boolean }
  | { kind: 'not'; of: Condition }
  | { kind: 'all'; of: Condition[] };

const leaf = (test: ValueTest): Condition => ({ kind: 'leaf', test, enterLast: true });
const whole = (test: ValueTest): Condition => ({ kind: 'leaf', test, enterLast: false });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const all = (of: Condition[]): Condition => (of.length === 1 ? of[0]! : { kind: 'all', of });

/** The condition on the documents that hold the field at `path`. */
function onPath(path: string, condition: Condition): DocTest {
  switch (condition.kind) {
    case 'leaf':
      return pathTest(path, condition.test, condition.enterLast);
    case 'not': {
      const inner = onPath(path, condition.of);
      return (document) => !inner(document);
    }
    case 'all':
      return every(condition.of.map((c) => onPath(path, c)));
  }
}

/** The condition on a value by itself, as `$elemMatch` and `$pull` apply it. */
function onValue(condition: Condition): ValueTest {
  switch (condition.kind) {
    case 'leaf':
      return condition.test;
    case 'not': {
      const inner = onValue(condition.of);
      return (v) => !inner(v);
    }
    case 'all': {
      const tests = condition.of.map(onValue);
      return (v) => tests.every((test) => test(v));
    }
  }
}

function every(tests: DocTest[]): DocTest {
  if (tests.length === 1) return tests[0]!;
  if (tests.length === 2) {
    const [first, second] = tests as [DocTest, DocTest];
    return (document) => first(document) && second(document);
  }
  return (document) => {
    for (const test of tests) if (!test(document)) return false;
    return true;
  };
}

/** True for a document whose first field name is an operator, so that it is no plain value. */
export function isOperatorDocument(v: Value): v is Doc {
  if (!isDoc(v)) return false;
  const first = v.keys().next();
  return !first.done && first.value.startsWith('$') && !isDBRef(v);
}

/** Operators that stand where a field's name could, not in a condition on a field. */
const LOGICAL = new Set(['$and', '$or', '$nor', '$expr', '$comment', '$where', '$text', '$jsonSchema']);

function elemMatch(v: Value, vars: ReadonlyMap<string, Value | undefined>): ValueTest {
  if (!isDoc(v)) throw mongoError('BadValue', '$elemMatch needs an Object');
  const first = [...v.keys()][0];
  if (isOperatorDocument(v) && !LOGICAL.has(first!)) {
    const test = onValue(operators(v, vars));
    return (array) => Array.isArray(array) && array.some(test);
  }
  if (v.has('$where') || v.has('$text') || v.has('$expr'))
    throw mongoError('BadValue', '$elemMatch cannot contain $where, $text or $expr expressions');
  const test = compileDocument(v, vars);
  return (array) =>
    Array.isArray(array) &&
    array.some((element) => {
      if (element instanceof Map) return test(element);
      return Array.isArray(element) && test(new Map(element.map((inner, i) => [String(i), inner])));
    });
}

function allOf(v: Value, vars: ReadonlyMap<string, Value | undefined>): Condition {
  if (!Array.isArray(v)) throw mongoError('BadValue', '$all needs an array');
  if (v.length === 0) return leaf(() => false);
  const first = v[0]!;
  if (isDoc(first) && [...first.keys()][0] === '$elemMatch') {
    return all(
      v.map((element) => {
        if (!isDoc(element) || element.size !== 1 || !element.has('$elemMatch'))
          throw mongoError('BadValue', '$all/$elemMatch has to be consistent');
        return whole(elemMatch(element.get('$elemMatch')!, vars));
      }),
    );
  }
  return all(
    v.map((element) => {
      if (isDoc(element) && [...element.keys()][0] === '$elemMatch')
        throw mongoError('BadValue', 'no $ expressions in $all');
      if (isOperatorDocument(element)) throw mongoError('BadValue', 'no $ expressions in $all');
      if (element instanceof BSONRegExp) return leaf(regexTest(element.pattern, element.options));
      return leaf(comparison('$eq', element));
    }),
  );
}

function negation(v: Value, vars: ReadonlyMap<string, Value | undefined>): Condition {
  if (v instanceof BSONRegExp) return not(leaf(regexTest(v.pattern, v.options)));
  if (!isDoc(v)) throw mongoError('BadValue', '$not needs a regex or a document');
  if (v.size === 0) throw mongoError('BadValue', '$not cannot be empty');
  return not(operators(v, vars));
}

function operator(
  name: string,
  v: Value,
  document: Doc,
  vars: ReadonlyMap<string, Value | undefined>,
): Condition | undefined {
  switch (name) {
    case '$eq':
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return leaf(comparison(name, v));
    case '$ne':
      if (v instanceof BSONRegExp) throw mongoError('BadValue', "Can't have regex as arg to $ne.");
      return not(leaf(comparison('$eq', v)));
    case '$in':
      return leaf(inTest(name, v));
    case '$nin':
      return not(leaf(inTest(name, v)));
    case '$not':
      return negation(v, vars);
    case '$exists': {
      const exists = leaf((value) => value !== undefined);
      return truthy(v) ? exists : not(exists);
    }
    case '$type':
      return leaf(typeTest(v));
    case '$regex':
      return leaf(regexFrom(v, document.get('$options')));
    case '$options':
      if (!document.has('$regex')) throw mongoError('BadValue', '$options needs a $regex');
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

function operators(document: Doc, vars: ReadonlyMap<string, Value | undefined>): Condition {
  const conditions: Condition[] = [];
  for (const [name, v] of document) {
    const condition = operator(name, v, document, vars);
    if (condition) conditions.push(condition);
  }
  return { kind: 'all', of: conditions };
}

/** The condition that a filter's `field: value` states. */
function fieldCondition(v: Value, vars: ReadonlyMap<string, Value | undefined>): Condition {
  if (v instanceof BSONRegExp) return leaf(regexTest(v.pattern, v.options));
  if (v instanceof Undefined) throw mongoError('BadValue', 'cannot compare to undefined');
  return isOperatorDocument(v) ? operators(v, vars) : leaf(comparison('$eq', v));
}

function branches(name: string, v: Value, vars: ReadonlyMap<string, Value | undefined>): DocTest[] {
  if (!Array.isArray(v)) throw mongoError('BadValue', `${name} must be an array`);
  if (v.length === 0) throw mongoError('BadValue', `${name} must be a nonempty array`);
  return v.map((branch) => {
    if (!isDoc(branch)) throw mongoError('BadValue', `${name} entries need to be full objects`);
    return compileDocument(branch, vars);
  });
}

function topLevel(name: string, v: Value, vars: ReadonlyMap<string, Value | undefined>): DocTest | undefined {
  switch (name) {
    case '$and':
      return every(branches(name, v, vars));
    case '$or': {
      const tests = branches(name, v, vars);
      return (document) => tests.some((test) => test(document));
    }
    case '$nor': {
      const tests = branches(name, v, vars);
      return (document) => !tests.some((test) => test(document));
    }
    case '$expr': {
      const evaluate = compileExpression(v, vars);
      return (document) => toBoolean(evaluate(document));
    }
    case '$comment':
      return undefined;
    case '$where':
    case '$text':
    case '$jsonSchema':
    case '$alwaysTrue':
    case '$alwaysFalse':
    case '$sampleRate':
      throw mongoError('BadValue', `${name} is not supported by the embedded database`);
    default:
      throw mongoError('BadValue', `unknown top level operator: ${name}`);
  }
}

function compileDocument(filter: Doc, vars: ReadonlyMap<string, Value | undefined>): DocTest {
  const tests: DocTest[] = [];
  for (const [name, v] of filter) {
    const test = name.startsWith('$') ? topLevel(name, v, vars) : onPath(name, fieldCondition(v, vars));
    if (test) tests.push(test);
  }
  return tests.length === 0 ? () => true : every(tests);
}

/**
 * Compiles a filter. `vars` are the variables ($$name) that its `$expr` may use. Throws the MongoError that mongod
 * gives for a bad filter; an operator that isn't known is refused by name.
 */
export function compileMatcher(filter: Doc, vars: ReadonlyMap<string, Value | undefined> = new Map()): Matcher {
  return { matches: compileDocument(filter, vars) };
}

/**
 * Compiles the condition of `$pull` or of one array filter's own value: operators test the element itself, and a
 * document's fields test the fields of an element that is a document.
 */
export function compileElementCondition(v: Value): ValueTest {
  const first = isDoc(v) ? v.keys().next().value : undefined;
  if (isDoc(v) && (!isOperatorDocument(v) || LOGICAL.has(first ?? ''))) {
    const test = compileDocument(v, new Map());
    return (element) => element instanceof Map && test(element);
  }
  return onValue(fieldCondition(v, new Map()));
}

function addEqualities(filter: Doc, into: Map<string, Value>): void {
  const add = (path: string, v: Value): void => {
    if (into.has(path))
      throw mongoError('NotSingleValueField', `cannot infer query fields to set, path '${path}' is matched twice`);
    into.set(path, v);
  };
  for (const [name, v] of filter) {
    if (name === '$and' && Array.isArray(v)) {
      for (const branch of v) if (isDoc(branch)) addEqualities(branch, into);
    } else if (name === '$or' && Array.isArray(v) && v.length === 1 && isDoc(v[0])) addEqualities(v[0], into);
    else if (name.startsWith('$')) continue;
    else if (!isOperatorDocument(v)) {
      if (!(v instanceof BSONRegExp)) add(name, v);
    } else if (v.has('$eq')) add(name, v.get('$eq')!);
    else if (v.has('$all') && Array.isArray(v.get('$all'))) {
      const values = v.get('$all') as Value[];
      if (values.length === 1 && !isDoc(values[0]!) && !(values[0] instanceof BSONRegExp)) add(name, values[0]!);
    } else if (v.has('$in') && Array.isArray(v.get('$in'))) {
      const values = v.get('$in') as Value[];
      if (values.length === 1 && !(values[0] instanceof BSONRegExp)) add(name, values[0]!);
    }
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
