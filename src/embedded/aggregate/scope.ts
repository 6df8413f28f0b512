import { ensure, mongoError } from '../errors';
import { isDoc, type Doc, type Value } from '../values/value';

/** An expression, compiled: gives a value of a document, or undefined for missing. */
export type Expression = (document: Doc) => Value | undefined;

/** Variables ($$name) and their values; one that is bound to undefined is defined and missing. */
export type Variables = ReadonlyMap<string, Value | undefined>;

/** Where a variable of $let, $map, $filter or $reduce holds its value while its body runs. */
export interface Cell {
  value: Value | undefined;
}

/** The variables that an expression may name. */
export class Scope {
  constructor(private readonly cells: ReadonlyMap<string, Cell>) {}

  /** The same scope with one more variable, and the cell that its value goes to. */
  with(name: string): { scope: Scope; cell: Cell } {
    const valid = /^[a-z\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*$/.test(name);
    ensure(valid, 'FailedToParse', `'${name}' is not a valid variable name: it must start with a lowercase letter`);
    const cell: Cell = { value: undefined };
    return { scope: new Scope(new Map(this.cells).set(name, cell)), cell };
  }

  /** How to read a variable; throws 17276 for one that isn't defined. */
  variable(name: string): Expression {
    const cell = this.cells.get(name);
    if (cell) return () => cell.value;
    if (name === 'ROOT' || name === 'CURRENT') return (document) => document;
    ensure(name === 'REMOVE' || name === 'NOW', 17276, `Use of undefined variable: ${name}`);
    const value = name === 'NOW' ? new Date() : undefined;
    return () => value;
  }
}

/** The named arguments of an operator or stage; refuses unknown and missing ones. */
export function named(operator: string, argument: Value, required: string[], optional: string[] = []): Doc {
  if (!isDoc(argument)) throw mongoError('FailedToParse', `${operator} only supports an object as its argument`);
  for (const name of argument.keys())
    if (!required.includes(name) && !optional.includes(name))
      throw mongoError('FailedToParse', `Unrecognized parameter to ${operator}: ${name}`);
  for (const name of required)
    if (!argument.has(name)) throw mongoError('FailedToParse', `Missing '${name}' parameter to ${operator}`);
  return argument;
}
