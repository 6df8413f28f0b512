import { MongoError } from '../errors';
import { doc, int, type Doc, type Value } from '../values/value';
import type { Transaction } from '../transaction';
import { HeldByTransaction } from '../storage/batch';

/**
 * Runs the statements of a write command. One that fails is reported by its index; ordered commands stop there. Within
 * a transaction a failure ends the whole transaction, so it is thrown.
 */
export function runStatements(
  count: number,
  ordered: boolean,
  transaction: Transaction | undefined,
  statement: (index: number) => void,
): Value[] {
  const errors: Value[] = [];
  for (let index = 0; index < count; index++) {
    try {
      statement(index);
    } catch (error) {
      if (error instanceof HeldByTransaction || !(error instanceof MongoError) || error.code === 112) throw error;
      if (transaction !== undefined && error.errorLabels.length > 0) throw error;
      errors.push(writeError(index, error));
      if (ordered) break;
    }
  }
  return errors;
}

function writeError(index: number, error: MongoError): Doc {
  const fields = Object.fromEntries(error.fields) as Record<string, Value>;
  return doc({ index: int(index), code: int(error.code), ...fields, errmsg: error.message });
}
