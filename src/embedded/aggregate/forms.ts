import { MongoError, mongoError } from '../errors';
import { BSON_TYPE, asNumber, BSONRegExp, isDoc, type Doc, type Value } from '../values/value';
import { compileRegex } from '../match/regex';
import { convert, nullish, stringOf, toBoolean, typeOf } from './coerce';
import { formatDate, zoneOffset } from './dates';
import { DATE_PARTS, momentOf } from './date-parts';
import { constant, isConstant, type Expression, type Scope } from './scope';

type Compile = (spec: Value, scope: Scope) => Expression;

/** An operator that takes its argument unevaluated: named fields, variables, or branches. */
type Form = (argument: Value, scope: Scope, compile: Compile) => Expression;

/** The named arguments of an operator; refuses unknown and missing ones. */
function named(operator: string, argument: Value, required: string[], optional: string[] = []): Doc {
  if (!isDoc(argument)) throw mongoError('FailedToParse', `${operator} only supports an object as its argument`);
  for (const name of argument.keys()) {
    if (!required.includes(name) && !optional.includes(name))
      throw mongoError('FailedToParse', `Unrecognized parameter to ${operator}: ${name}`);
  }
  for (const name of required)
    if (!argument.has(name)) throw mongoError('FailedToParse', `Missing '${name}' parameter to ${operator}`);
  return argument;
}

const cond: Form = (argument, scope, compile) => {
  let parts: Value[];
  if (Array.isArray(argument)) {
    if (argument.length !== 3)
      throw new MongoError(16020, `Expression $cond takes exactly 3 arguments. ${argument.length} were passed in.`);
    parts = argument;
  } else {
    const fields = named('$cond', argument, ['if', 'then', 'else']);
    parts = [fields.get('if')!, fields.get('then')!, fields.get('else')!];
  }
  const [test, then, otherwise] = parts.map((part) => compile(part, scope)) as [Expression, Expression, Expression];
  return (document) => (toBoolean(test(document)) ? then(document) : otherwise(document));
};

const switchForm: Form = (argument, scope, compile) => {
  const fields = named('$switch', argument, ['branches'], ['default']);
  const branches = fields.get('branches');
  if (!Array.isArray(branches) || branches.length === 0)
    throw new MongoError(40068, '$switch requires at least one branch');
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
  if (!isDoc(vars ?? null)) throw mongoError('FailedToParse', 'invalid parameter: expected an object (vars)');
  let inner = scope;
  const bindings = [...(vars as Doc)].map(([name, value]) => {
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
  if (!Array.isArray(v)) throw new MongoError(code, `input to ${operator} must be an array not ${typeOf(v)}`);
  return v;
}

function nameOf(v: Value | undefined): string {
  if (v === undefined) return 'this';
  if (typeof v !== 'string') throw mongoError('FailedToParse', "the 'as' parameter must be a string");
  return v;
}

const map: Form = (argument, scope, compile) => {
  const fields = named('$map', argument, ['input', 'in'], ['as']);
  const input = compile(fields.get('input')!, scope);
  const inner = scope.with(nameOf(fields.get('as')));
  const body = compile(fields.get('in')!, inner.scope);
  return (document) => {
    const array = arrayInput(input(document), 16883, '$map');
    return array === null
      ? null
      : array.map((element) => {
          inner.cell.value = element;
          return body(document) ?? null;
        });
  };
};

const filter: Form = (argument, scope, compile) => {
  const fields = named('$filter', argument, ['input', 'cond'], ['as']);
  const input = compile(fields.get('input')!, scope);
  const inner = scope.with(nameOf(fields.get('as')));
  const body = compile(fields.get('cond')!, inner.scope);
  return (document) => {
    const array = arrayInput(input(document), 28651, '$filter');
    return array === null
      ? null
      : array.filter((element) => {
          inner.cell.value = element;
          return toBoolean(body(document));
        });
  };
};

const reduce: Form = (argument, scope, compile) => {
  const fields = named('$reduce', argument, ['input', 'initialValue', 'in']);
  const input = compile(fields.get('input')!, scope);
  const initial = compile(fields.get('initialValue')!, scope);
  const first = scope.with('this');
  const second = first.scope.with('value');
  const body = compile(fields.get('in')!, second.scope);
  return (document) => {
    const array = arrayInput(input(document), 40080, '$reduce');
    if (array === null) return null;
    let total = initial(document);
    for (const element of array) {
      first.cell.value = element;
      second.cell.value = total;
      total = body(document);
    }
    return total;
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
  if (!Array.isArray(argument) || argument.length < 2)
    throw new MongoError(1257300, '$ifNull needs at least two arguments');
  const parts = argument.map((part) => compile(part, scope));
  const last = parts.pop()!;
  return (document) => {
    for (const part of parts) {
      const value = part(document);
      if (!nullish(value)) return value;
    }
    return last(document);
  };
};

function convertTarget(v: Value | undefined): string | null {
  if (nullish(v)) return null;
  if (typeof v === 'string') return v;
  const code = asNumber(v);
  const known = Object.entries(BSON_TYPE).find(([, n]) => n === code);
  if (!known) throw mongoError('BadValue', "$convert's 'to' argument must be a type name or number");
  return known[0];
}

const convertForm: Form = (argument, scope, compile) => {
  const fields = named('$convert', argument, ['input', 'to'], ['onError', 'onNull']);
  const part = (name: string): Expression | undefined =>
    fields.has(name) ? compile(fields.get(name)!, scope) : undefined;
  const [input, to, onError, onNull] = [part('input')!, part('to')!, part('onError'), part('onNull')];
  return (document) => {
    const value = input(document);
    if (nullish(value)) return onNull ? onNull(document) : null;
    const target = convertTarget(to(document));
    if (target === null) return null;
    try {
      return convert(value, target);
    } catch (error) {
      if (onError && error instanceof MongoError && error.codeName === 'ConversionFailure') return onError(document);
      throw error;
    }
  };
};

const trim =
  (operator: string, left: boolean, right: boolean): Form =>
  (argument, scope, compile) => {
    const fields = named(operator, argument, ['input'], ['chars']);
    const input = compile(fields.get('input')!, scope);
    const chars = fields.has('chars') ? compile(fields.get('chars')!, scope) : undefined;
    const whitespace = new Set(
      '\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a',
    );
    return (document) => {
      const value = input(document);
      if (nullish(value)) return null;
      const points = [...stringOf(value, 50699, operator)];
      let drop = whitespace;
      if (chars) {
        const given = chars(document);
        if (nullish(given)) return null;
        drop = new Set(stringOf(given, 50700, operator));
      }
      let start = 0;
      let end = points.length;
      while (left && start < end && drop.has(points[start]!)) start++;
      while (right && end > start && drop.has(points[end - 1]!)) end--;
      return points.slice(start, end).join('');
    };
  };

const regexMatch: Form = (argument, scope, compile) => {
  const fields = named('$regexMatch', argument, ['input', 'regex'], ['options']);
  const parts = ['input', 'regex', 'options'].map((name) =>
    fields.has(name) ? compile(fields.get(name)!, scope) : constant(undefined),
  );
  const [input, regex, options] = parts as [Expression, Expression, Expression];
  const build = (document: Doc): RegExp | null => {
    const pattern = regex(document);
    const given = options(document);
    const flags = nullish(given) ? undefined : stringOf(given, 51106, '$regexMatch options');
    if (nullish(pattern)) return null;
    if (pattern instanceof BSONRegExp) {
      if (pattern.options !== '' && flags !== undefined)
        throw new MongoError(51107, "$regexMatch found regex option(s) specified in both 'regex' and 'option' fields");
      return compileRegex(pattern.pattern, flags ?? pattern.options);
    }
    return compileRegex(stringOf(pattern, 51105, '$regexMatch regex'), flags ?? '');
  };
  const fixed = isConstant(regex) && isConstant(options) ? build(new Map()) : undefined;
  return (document) => {
    const compiled = fixed === undefined ? build(document) : fixed;
    const value = input(document);
    if (nullish(value) || compiled === null) return false;
    return compiled.test(stringOf(value, 51104, '$regexMatch input'));
  };
};

function optional(fields: Doc, name: string, scope: Scope, compile: Compile): Expression | undefined {
  return fields.has(name) ? compile(fields.get(name)!, scope) : undefined;
}

const dateToString: Form = (argument, scope, compile) => {
  const fields = named('$dateToString', argument, ['date'], ['format', 'timezone', 'onNull']);
  const date = compile(fields.get('date')!, scope);
  const [format, zone, onNull] = ['format', 'timezone', 'onNull'].map((name) => optional(fields, name, scope, compile));
  return (document) => {
    const value = date(document);
    if (nullish(value)) return onNull ? onNull(document) : null;
    const zoneName = zone?.(document);
    if (zone && nullish(zoneName)) return null;
    const offset = zone ? zoneOffset(stringOf(zoneName, 40517, 'timezone')) : 0;
    const given = format?.(document);
    if (format && nullish(given)) return null;
    const pattern = format ? stringOf(given, 18533, '$dateToString format') : '%Y-%m-%dT%H:%M:%S.%LZ';
    return formatDate(momentOf(value), pattern, offset);
  };
};

const datePart =
  (operator: string, part: (local: Date) => Value): Form =>
  (argument, scope, compile) => {
    let date: Expression;
    let zone: Expression | undefined;
    if (isDoc(argument) && argument.has('date')) {
      const fields = named(operator, argument, ['date'], ['timezone']);
      date = compile(fields.get('date')!, scope);
      zone = optional(fields, 'timezone', scope, compile);
    } else {
      if (Array.isArray(argument) && argument.length !== 1)
        throw new MongoError(
          40536,
          `${operator} accepts exactly one argument if given an array, but was given ${argument.length}`,
        );
      date = compile(Array.isArray(argument) ? argument[0]! : argument, scope);
    }
    return (document) => {
      const value = date(document);
      if (nullish(value)) return null;
      const zoneName = zone?.(document);
      if (zone && nullish(zoneName)) return null;
      const offset = zone ? zoneOffset(stringOf(zoneName, 40533, 'timezone')) : 0;
      return part(new Date(momentOf(value).getTime() + offset));
    };
  };

const zip: Form = (argument, scope, compile) => {
  const fields = named('$zip', argument, ['inputs'], ['useLongestLength', 'defaults']);
  const inputs = fields.get('inputs');
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw new MongoError(34461, 'inputs must be an array of expressions');
  const longest = fields.get('useLongestLength') ?? false;
  if (typeof longest !== 'boolean') throw new MongoError(34463, 'useLongestLength must be a bool');
  if (fields.has('defaults') && !longest)
    throw new MongoError(34466, 'cannot specify defaults unless useLongestLength is true');
  const parts = inputs.map((input) => compile(input, scope));
  const defaults = fields.has('defaults') ? compile(fields.get('defaults')!, scope) : constant(null);
  return (document) => {
    const arrays = parts.map((part) => arrayInput(part(document), 34468, '$zip'));
    if (arrays.some((array) => array === null)) return null;
    const lengths = (arrays as Value[][]).map((array) => array.length);
    const fill = defaults(document);
    return Array.from({ length: longest ? Math.max(...lengths) : Math.min(...lengths) }, (_, i) =>
      (arrays as Value[][]).map((array, n) => array[i] ?? (Array.isArray(fill) ? (fill[n] ?? null) : null)),
    );
  };
};

/** The operators that don't simply evaluate a list of arguments. */
export const FORMS = new Map<string, Form>([
  ['$literal', (argument) => constant(argument)],
  ['$cond', cond],
  ['$switch', switchForm],
  ['$let', letForm],
  ['$map', map],
  ['$filter', filter],
  ['$reduce', reduce],
  ['$and', logical(false)],
  ['$or', logical(true)],
  ['$ifNull', ifNull],
  ['$convert', convertForm],
  ['$trim', trim('$trim', true, true)],
  ['$ltrim', trim('$ltrim', true, false)],
  ['$rtrim', trim('$rtrim', false, true)],
  ['$regexMatch', regexMatch],
  ['$dateToString', dateToString],
  ['$zip', zip],
  ...Object.entries(DATE_PARTS).map(([name, part]): [string, Form] => [name, datePart(name, part)]),
]);
