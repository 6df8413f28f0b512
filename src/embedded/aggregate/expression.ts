import { ensure, MongoError } from '../errors';
import { isDoc, type Doc, type Value } from '../values/value';
import { compileFieldPath } from './field-path';
import { FORMS } from './forms';
import { FUNCTIONS } from './functions';
import { Scope, type Expression, type Variables } from './scope';

function compileObject(fields: Doc, scope: Scope): Expression {
  const parts = [...fields].map(([name, value]): [string, Expression] => {
    ensure(!name.startsWith('$'), 15983, `an expression must contain exactly one field, found '${name}'`);
    ensure(!name.includes('.'), 16405, `dotted field names are only allowed at the top level: '${name}'`);
    return [name, compileIn(value, scope)];
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

function compileOperator(name: string, argument: Value, scope: Scope): Expression {
  const form = FORMS.get(name);
  if (form) return form(argument, scope, compileIn);
  const fn = FUNCTIONS.get(name);
  if (!fn) throw new MongoError(168, `Unrecognized expression '${name}', or not one of the embedded database's`);
  const parts = (Array.isArray(argument) ? argument : [argument]).map((part) => compileIn(part, scope));
  const { min, max, apply } = fn;
  if (parts.length < min || parts.length > max) {
    const wanted = min === max ? `exactly ${min}` : `at least ${min} and at most ${max}`;
    const message = `Expression ${name} takes ${wanted} arguments, but ${parts.length} were passed in.`;
    throw new MongoError(min === max ? 16020 : 28667, message);
  }
  const [a, b] = parts as [Expression, Expression];
  if (parts.length === 1) return (document) => apply([a(document)]);
  if (parts.length === 2) return (document) => apply([a(document), b(document)]);
  return (document) => apply(parts.map((part) => part(document)));
}

/** Compiles an expression inside a scope. */
function compileIn(spec: Value, scope: Scope): Expression {
  if (typeof spec === 'string' && spec.startsWith('$')) return compileFieldPath(spec, scope);
  if (Array.isArray(spec)) {
    const parts = spec.map((item) => compileIn(item, scope));
    return (document) => parts.map((part) => part(document) ?? null);
  }
  if (!isDoc(spec)) return () => spec;
  const [first] = spec;
  if (first === undefined || !first[0].startsWith('$')) return compileObject(spec, scope);
  if (spec.size !== 1) {
    const found = [...spec.keys()].join(', ');
    throw new MongoError(15983, `an object representing an expression must have exactly one field: found ${found}`);
  }
  return compileOperator(first[0], first[1], scope);
}

/**
 * Compiles an aggregation expression. `vars` are the variables that it may name besides the system's. Throws the
 * MongoError that mongod gives for a bad one; an operator that isn't known is refused by name (168).
 */
export function compileExpression(spec: Value, vars: Variables = new Map()): Expression {
  return compileIn(spec, new Scope(new Map([...vars].map(([name, value]) => [name, { value }]))));
}
