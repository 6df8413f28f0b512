import { ensure, MongoError } from '../errors';
import { compileRegex } from '../match/regex';
import { BSONRegExp, int, isDoc, type Doc, type Value } from '../values/value';
import { momentOf, nullish, stringOf, toBoolean, typeOf } from './coerce';
import { named, type Cell, type Expression, type Scope } from './scope';

type Compile = (spec: Value, scope: Scope) => Expression;

/** An operator that takes its argument unevaluated: named fields, variables, or branches. */
type Form = (argument: Value, scope: Scope, compile: Compile) => Expression;

const cond: Form = (argument, scope, compile) => {
  const names = ['if', 'then', 'else'];
  const parts = Array.isArray(argument) ? argument : names.map((name) => named('$cond', argument, names).get(name)!);
  ensure(parts.length === 3, 16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`);
  const [test, then, otherwise] = parts.map((part) => compile(part, scope)) as [Expression, Expression, Expression];
  return (document) => (toBoolean(test(document)) ? then(document) : otherwise(document));
};

const switchForm: Form = (argument, scope, compile) => {
  const fields = named('$switch', argument, ['branches'], ['default']);
  const branches = fields.get('branches');
  ensure(Array.isArray(branches) && branches.length > 0, 40068, '$switch requires at least one branch');
  const compiled = branches.map((branch) => {
    const parts = named('$switch branch', branch, ['case', 'then']);
    return { test: compile(parts.get('case')!, scope), then: compile(parts.get('then')!, scope) };
  });
  const otherwise = fields.has('default') ? compile(fields.get('default')!, scope) : undefined;
  return (document) => {
    for (const { test, then } of compiled) if (toBoolean(test(document))) return then(document);
    if (otherwise) return otherwise(document);
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
};

const letForm: Form = (argument, scope, compile) => {
  const fields = named('$let', argument, ['vars', 'in']);
  const vars = fields.get('vars');
  ensure(isDoc(vars), 'FailedToParse', 'invalid parameter: expected an object (vars)');
  let inner = scope;
  const bindings = [...vars].map(([name, value]) => {
    const next = inner.with(name);
    inner = next.scope;
    return { cell: next.cell, value: compile(value, scope) };
  });
  const body = compile(fields.get('in')!, inner);
  return (document) => {
    for (const { cell, value } of bindings) cell.value = value(document);
    return body(document);
  };
};

function arrayInput(v: Value | undefined, code: number, operator: string): Value[] | null {
  if (nullish(v)) return null;
  ensure(Array.isArray(v), code, `input to ${operator} must be an array not ${typeOf(v)}`);
  return v;
}

/** $map and $filter: `combine` makes the result from the elements and the body, run with an element in its variable. */
const overElements =
  (
    operator: string,
    code: number,
    part: string,
    combine: (elements: Value[], body: (v: Value) => Value | undefined) => Value,
  ): Form =>
  (argument, scope, compile) => {
    const fields = named(operator, argument, ['input', part], ['as']);
    const as = fields.get('as') ?? 'this';
    ensure(typeof as === 'string', 'FailedToParse', "the 'as' parameter must be a string");
    const input = compile(fields.get('input')!, scope);
    const inner = scope.with(as);
    const body = compile(fields.get(part)!, inner.scope);
    return (document) => {
      const array = arrayInput(input(document), code, operator);
      return array && combine(array, (element) => within(inner.cell, element, body, document));
    };
  };

function within(cell: Cell, value: Value | undefined, body: Expression, document: Doc): Value | undefined {
  cell.value = value;
  return body(document);
}

const reduce: Form = (argument, scope, compile) => {
  const fields = named('$reduce', argument, ['input', 'initialValue', 'in']);
  const input = compile(fields.get('input')!, scope);
  const initial = compile(fields.get('initialValue')!, scope);
  const element = scope.with('this');
  const total = element.scope.with('value');
  const body = compile(fields.get('in')!, total.scope);
  return (document) => {
    const array = arrayInput(input(document), 40080, '$reduce');
    return (
      array &&
      array.reduce<Value | undefined>((sum, v) => {
        total.cell.value = sum;
        return within(element.cell, v, body, document);
      }, initial(document))
    );
  };
};

const logical =
  (stopAt: boolean): Form =>
  (argument, scope, compile) => {
    const parts = (Array.isArray(argument) ? argument : [argument]).map((part) => compile(part, scope));
    return (document) => {
      for (const part of parts) if (toBoolean(part(document)) === stopAt) return stopAt;
      return !stopAt;
    };
  };

const ifNull: Form = (argument, scope, compile) => {
  ensure(Array.isArray(argument) && argument.length >= 2, 1257300, '$ifNull needs at least two arguments');
  const parts = argument.map((part) => compile(part, scope));
  return (document) => {
    let value: Value | undefined;
    for (const part of parts) {
      value = part(document);
      if (!nullish(value)) return value;
    }
    return value;
  };
};

const regexMatch: Form = (argument, scope, compile) => {
  const fields = named('$regexMatch', argument, ['input', 'regex'], ['options']);
  const input = compile(fields.get('input')!, scope);
  const [pattern, options = ''] = [fields.get('regex'), fields.get('options')];
  const flags = stringOf(options, 51106, '$regexMatch options');
  const fixed = pattern instanceof BSONRegExp || (typeof pattern === 'string' && !pattern.startsWith('$'));
  ensure(fixed, 51105, 'the regex of $regexMatch must be a constant in the embedded database');
  const regex =
    pattern instanceof BSONRegExp
      ? compileRegex(pattern.pattern, pattern.options + flags)
      : compileRegex(pattern, flags);
  return (document) => {
    const value = input(document);
    return !nullish(value) && regex.test(stringOf(value, 51104, '$regexMatch input'));
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

/** Where the characters of `format` stand in an ISO date and time. */
const FORMAT: Record<string, [number, number]> = {
  Y: [0, 4],
  m: [5, 7],
  d: [8, 10],
  H: [11, 13],
  M: [14, 16],
  S: [17, 19],
  L: [20, 23],
};

const dateToString: Form = (argument, scope, compile) => {
  const fields = named('$dateToString', argument, ['date'], ['format', 'onNull']);
  const date = compile(fields.get('date')!, scope);
  const onNull = compile(fields.get('onNull') ?? null, scope);
  const format = stringOf(fields.get('format') ?? '%Y-%m-%dT%H:%M:%S.%LZ', 18533, '$dateToString format');
  const bad = /%(?![YmdHMSL%])/.exec(format);
  ensure(!bad, 18536, `the embedded database's $dateToString knows %Y %m %d %H %M %S %L only: '${format}'`);
  return (document) => {
    const value = date(document);
    if (nullish(value)) return onNull(document);
    const text = momentOf(value).toISOString();
    return format.replace(/%(.)/g, (_, letter: string) => (letter === '%' ? '%' : text.slice(...FORMAT[letter]!)));
  };
};

const datePart =
  (operator: string, part: (date: Date) => number): Form =>
  (argument, scope, compile) => {
    const [only] = Array.isArray(argument) && argument.length === 1 ? argument : [argument];
    const spec = isDoc(only) && only.has('date') ? named(operator, only, ['date']).get('date')! : only!;
    const date = compile(spec, scope);
    return (document) => {
      const value = date(document);
      return nullish(value) ? null : int(part(momentOf(value)));
    };
  };

/** The operators that don't simply evaluate a list of arguments. */
export const FORMS = new Map<string, Form>([
  ['$literal', (argument) => () => argument],
  ['$cond', cond],
  ['$switch', switchForm],
  ['$let', letForm],
  ['$map', overElements('$map', 16883, 'in', (elements, body) => elements.map((v) => body(v) ?? null))],
  ['$filter', overElements('$filter', 28651, 'cond', (elements, body) => elements.filter((v) => toBoolean(body(v))))],
  ['$reduce', reduce],
  ['$and', logical(false)],
  ['$or', logical(true)],
  ['$ifNull', ifNull],
  ['$regexMatch', regexMatch],
  ['$dateToString', dateToString],
  ...Object.entries(DATE_PARTS).map(([name, part]): [string, Form] => [name, datePart(name, part)]),
]);
