import { MongoError, mongoError } from '../errors';
import type { Doc, Value } from '../values/value';

/** An expression, compiled: gives a value of a document, or undefined for missing. */
export type Expression = (document: Doc) => Value | undefined;

/** Where a variable of $let, $map, $filter or $reduce holds its value while its body runs. */
export interface Cell {
  value: Value | undefined;
}

/** The variables that an expression may name. */
export class Scope {
  constructor(
    private readonly constants: ReadonlyMap<string, Value | undefined>,
    private readonly cells: ReadonlyMap<string, Cell> = new Map(),
  ) {}

  /** The same scope with one more variable, and the cell that its value goes to. */
  with(name: string): { scope: Scope; cell: Cell } {
    if (!/^[a-z\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*$/.test(name))
      throw mongoError(
        'FailedToParse',
        `'${name}' is not a valid variable name: it must start with a lowercase letter`,
      );
    const cell: Cell = { value: undefined };
    return { scope: new Scope(this.constants, new Map(this.cells).set(name, cell)), cell };
  }

  /** How to read a variable; throws 17276 for one that isn't defined. */
  variable(name: string): Expression {
    const cell = this.cells.get(name);
    if (cell) return () => cell.value;
    if (this.constants.has(name)) {
      const value = this.constants.get(name);
      return constant(value);
    }
    switch (name) {
      case 'ROOT':
      case 'CURRENT':
        return (document) => document;
      case 'REMOVE':
        return constant(undefined);
      case 'NOW':
        return constant(new Date());
      default:
        throw new MongoError(17276, `Use of undefined variable: ${name}`);
    }
  }
}

const constants = new WeakSet<Expression>();

/** An expression that gives the same value for every document, and is known to. */
export function constant(value: Value | undefined): Expression {
  const expression: Expression = () => value;
  constants.add(expression);
  return expression;
}

/** True for an expression made by constant(). */
export function isConstant(expression: Expression): boolean {
  return constants.has(expression);
}
