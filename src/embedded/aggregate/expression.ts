import { mongoError } from '../errors';
import type { Doc, Value } from '../values/value';

export type Expression = (document: Doc) => Value | undefined;

/** Compiles an expression. */
export function compileExpression(spec: Value, vars: Map<string, Value | undefined>): Expression {
  throw mongoError('BadValue', `not yet ${typeof spec} ${vars.size}`);
}
