import { IterableSource } from '../cursors';
import { encode } from '../values/codec';
import type { Doc } from '../values/value';
import { firstBatch } from './find';
import { countField, docField, type Invocation, type Reply } from './invocation';

/** Answers a cursor over documents that are all there already. */
export function listed(invocation: Invocation, ns: string, documents: Doc[]): Reply {
  const cursor = docField(invocation.body, invocation.name, 'cursor') ?? new Map();
  const batchSize = countField(cursor as Doc, `${invocation.name}.cursor`, 'batchSize') ?? Infinity;
  const source = new IterableSource(
    documents.map((d) => encode(d)),
    () => undefined,
  );
  return firstBatch(invocation, ns, source, batchSize, false);
}
