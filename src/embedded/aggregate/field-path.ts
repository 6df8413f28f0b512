import { MongoError } from '../errors';
import type { Doc, Value } from '../values/value';
import { constant, isConstant, type Expression, type Scope } from './scope';

/** The value at a path as expressions see it: an array on the way gives the array of what its documents hold. */
export function pathValue(document: Doc, parts: string[], at = 0): Value | undefined {
  let current: Doc = document;
  for (let i = at; ; i++) {
    const value = current.get(parts[i]!);
    if (i === parts.length - 1) return value;
    if (value instanceof Map) current = value;
    else if (Array.isArray(value)) return fromElements(value, parts, i + 1);
    else return undefined;
  }
}

function fromElements(array: Value[], parts: string[], at: number): Value[] {
  const result: Value[] = [];
  for (const element of array) {
    const value = element instanceof Map ? pathValue(element, parts, at) : undefined;
    if (value !== undefined) result.push(value);
  }
  return result;
}

function split(path: string): string[] {
  if (path === '') throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
  if (path.endsWith('.')) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$')) throw new MongoError(16410, "FieldPath field names may not start with '$'.");
  }
  return parts;
}

/** Compiles `$path` and `$$variable.path`. */
export function compileFieldPath(spec: string, scope: Scope): Expression {
  if (!spec.startsWith('$$')) {
    const parts = split(spec.slice(1));
    const [only] = parts;
    return parts.length === 1 ? (document) => document.get(only!) : (document) => pathValue(document, parts);
  }
  const [name, ...rest] = spec.slice(2).split('.');
  const variable = scope.variable(name ?? '');
  if (rest.length === 0) return variable;
  const parts = split(rest.join('.'));
  const read = (holder: Value | undefined): Value | undefined => {
    if (holder instanceof Map) return pathValue(holder, parts);
    return Array.isArray(holder) ? fromElements(holder, parts, 0) : undefined;
  };
  return isConstant(variable) ? constant(read(variable(new Map()))) : (document) => read(variable(document));
}
