import { ApiError } from '../src/errors';
import { BatchError } from '../types/payloads/BatchError';

/** The items of a batch that were not written, by index. */
export function toBatchErrors(results: readonly unknown[]): BatchError[] {
  return results.flatMap((result, index) =>
    result instanceof ApiError ? [{ index, code: result.code, message: result.message }] : [],
  );
}
