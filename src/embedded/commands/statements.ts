import { MongoError } from '../errors';
import { HeldByTransaction } from '../storage/batch';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { boolField, checkFields, documentsOf, required, wrongType, type Command, type Invocation } from './invocation';

/** The statements of an update or delete command, checked. */
export function statementsOf(
  invocation: Invocation,
  field: string,
  second: string,
  known: Pick<Command, 'fields' | 'refused'>,
): Doc[] {
  const where = `${invocation.name}.${field}`;
  return documentsOf(invocation, field).map(({ document }) => {
    checkFields(document, where, known);
    const filter = required(document, where, 'q');
    required(document, where, second);
    if (!isDoc(filter)) throw wrongType(where, 'q', filter, 'object');
    return document;
  });
}

/**
 * Runs the statements of a write command. One that fails is reported by its index; ordered commands stop there. Within
 * a transaction a failure that ends it is thrown. Gives the writeErrors of the reply, undefined when there are none.
 */
export function runStatements<T>(
  { body, name, transaction }: Invocation,
  statements: T[],
  run: (statement: T, index: number) => void,
): Value[] | undefined {
  const ordered = boolField(body, name, 'ordered') ?? true;
  const errors: Value[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index);
    } catch (error) {
      if (error instanceof HeldByTransaction || !(error instanceof MongoError) || error.code === 112) throw error;
      if (transaction !== undefined && error.errorLabels.length > 0) throw error;
      const fields = Object.fromEntries(error.fields) as Record<string, Value>;
      errors.push(doc({ index: int(index), code: int(error.code), ...fields, errmsg: error.message }));
      if (ordered) break;
    }
  }
  return errors.length > 0 ? errors : undefined;
}
