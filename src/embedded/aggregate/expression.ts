import { ensure } from '../errors';
import { isDoc, type Doc, type Value } from '../values/value';
import { fieldPath, pathValue } from './field-path';
import { FORMS, FUNCTIONS, type Compile, type Expression } from './operators';

/**
 * Variables ($$name) and their values; one that is bound to undefined is defined and missing. Which there are is told when
 * an expression is compiled, their values when it is evaluated.
 */
export type Variables = ReadonlyMap<string, Value | undefined>;

/** `$path` and `$$variable.path`. */
function compilePath(spec: string, vars: Variables): Expression {
  ensure(spec !== '$', 16872, "'$' by itself is not a valid FieldPath");
  const [first, ...rest] = spec.startsWith('$$') ? spec.slice(2).split('.') : ['ROOT', ...fieldPath(spec.slice(1))];
  const parts = rest.length === 0 ? rest : fieldPath(rest.join('.'));
  if (first === 'ROOT' || first === 'CURRENT') return (document) => pathValue(document, parts);
  ensure(vars.has(first!) || first === 'REMOVE' || first === 'NOW', 17276, `Use of undefined variable: ${first}`);
  if (first !== 'NOW') return () => pathValue(vars.get(first!), parts);
  const now = new Date();
  return () => pathValue(now, parts);
}

function compileObject(fields: Doc, compile: Compile): Expression {
  const parts = [...fields].map(([name, value]): [string, Expression] => {
    ensure(!name.startsWith('$'), 15983, `an expression must contain exactly one field, found '${name}'`);
    ensure(!name.includes('.'), 16405, `dotted field names are only allowed at the top level: '${name}'`);
    return [name, compile(value)];
  });
  return (document) => {
    const result: Doc = new Map();
    for (const [name, part] of parts) {
      const value = part(document);
      if (value !== undefined) result.set(name, value);
    }
    return result;
  };
}

function compileOperator(name: string, argument: Value, compile: Compile): Expression {
  const form = FORMS.get(name);
  if (form) return form(argument, compile);
  const fn = FUNCTIONS.get(name);
  ensure(fn, 168, `Unrecognized expression '${name}', or not one of the embedded database's`);
  const parts = (Array.isArray(argument) ? argument : [argument]).map(compile);
  const { least, most, apply } = fn;
  const wanted = least === most ? `exactly ${least}` : `at least ${least} and at most ${most}`;
  const fits = parts.length >= least && parts.length <= most;
  ensure(
    fits,
    least === most ? 16020 : 28667,
    `Expression ${name} takes ${wanted} arguments, but ${parts.length} were passed in.`,
  );
  return (document) => apply(...parts.map((part) => part(document)));
}

/**
 * Compiles an aggregation expression. `vars` are the variables that it may name besides the system's. Throws the
 * MongoError that mongod gives for a bad one; an operator that isn't known is refused by name (168).
 */
export function compileExpression(spec: Value, vars: Variables = new Map()): Expression {
  const compile: Compile = (part) => compileExpression(part, vars);
  if (typeof spec === 'string' && spec.startsWith('$')) return compilePath(spec, vars);
  if (Array.isArray(spec)) {
    const parts = spec.map(compile);
    return (document) => parts.map((part) => part(document) ?? null);
  }
  if (!isDoc(spec)) return () => spec;
  const [first] = spec;
  if (first === undefined || !first[0].startsWith('$')) return compileObject(spec, compile);
  const found = [...spec.keys()].join(', ');
  ensure(spec.size === 1, 15983, `an object representing an expression must have exactly one field: found ${found}`);
  return compileOperator(first[0], first[1], compile);
}
