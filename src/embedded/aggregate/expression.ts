import { MongoError } from '../errors';
import { isDoc, type Doc, type Value } from '../values/value';
import { compileFieldPath } from './field-path';
import { FUNCTIONS } from './functions';
import { FORMS } from './forms';
import { constant, isConstant, Scope, type Expression } from './scope';

export type { Expression } from './scope';

function compileArray(items: Value[], scope: Scope): Expression {
  const parts = items.map((item) => compileIn(item, scope));
  const run: Expression = (document) => parts.map((part) => part(document) ?? null);
  return parts.every(isConstant) ? constant(run(new Map())) : run;
}

function compileObject(fields: Doc, scope: Scope): Expression {
  const parts = [...fields].map(([name, value]): [string, Expression] => {
    if (name.startsWith('$'))
      throw new MongoError(15983, `an expression must contain exactly one field, found '${name}'`);
    if (name.includes('.'))
      throw new MongoError(16405, `dotted field names are only allowed at the top level: '${name}'`);
    return [name, compileIn(value, scope)];
  });
  const run: Expression = (document) => {
    const result: Doc = new Map();
    for (const [name, part] of parts) {
      const value = part(document);
      if (value !== undefined) result.set(name, value);
    }
    return result;
  };
  return parts.every(([, part]) => isConstant(part)) ? constant(run(new Map())) : run;
}

function compileOperator(name: string, argument: Value, scope: Scope): Expression {
  const form = FORMS.get(name);
  if (form) return form(argument, scope, compileIn);
  const fn = FUNCTIONS.get(name);
  if (!fn) throw new MongoError(168, `Unrecognized expression '${name}'`);
  const parts = (Array.isArray(argument) ? argument : [argument]).map((part) => compileIn(part, scope));
  if (parts.length < fn.min || parts.length > fn.max) {
    const message =
      fn.min === fn.max
        ? `Expression ${name} takes exactly ${fn.min} arguments. ${parts.length} were passed in.`
        : `Expression ${name} takes at least ${fn.min} arguments, and at most ${fn.max}, but ${parts.length} were passed in.`;
    throw new MongoError(fn.min === fn.max ? 16020 : 28667, message);
  }
  const { apply } = fn;
  let run: Expression;
  if (parts.length === 1) {
    const [a] = parts as [Expression];
    run = (document) => apply([a(document)]);
  } else if (parts.length === 2) {
    const [a, b] = parts as [Expression, Expression];
    run = (document) => apply([a(document), b(document)]);
  } else run = (document) => apply(parts.map((part) => part(document)));
  return run;
}

/** Compiles an expression inside a scope. */
function compileIn(spec: Value, scope: Scope): Expression {
  if (typeof spec === 'string') return spec.startsWith('$') ? compileFieldPath(spec, scope) : constant(spec);
  if (Array.isArray(spec)) return compileArray(spec, scope);
  if (!isDoc(spec)) return constant(spec);
  const first = spec.entries().next();
  if (first.done || !first.value[0].startsWith('$')) return compileObject(spec, scope);
  if (spec.size !== 1) {
    throw new MongoError(
      15983,
      `an object representing an expression must have exactly one field: found ${[...spec.keys()].join(', ')}`,
    );
  }
  return compileOperator(first.value[0], first.value[1], scope);
}

/**
 * Compiles an aggregation expression. `vars` are the variables that it may name besides the system's. Throws the
 * MongoError that mongod gives for a bad one; an operator that isn't known is refused by name (168).
 */
export function compileExpression(spec: Value, vars: ReadonlyMap<string, Value | undefined>): Expression {
  return compileIn(spec, new Scope(vars));
}
