import { IterableSource } from '../cursors';
import { compileMatcher } from '../match';
import { encode } from '../values/encoder';
import type { Doc, Value } from '../values/value';
import { firstBatch } from './find';
import { countField, docField, type Invocation, type Reply } from './invocation';

/** Answers a cursor over documents that are all there already. */
export function listed(invocation: Invocation, ns: string, documents: Doc[]): Reply {
  const cursor = docField(invocation.body, invocation.name, 'cursor') ?? new Map<string, Value>();
  const batchSize = countField(cursor, `${invocation.name}.cursor`, 'batchSize') ?? Infinity;
  const source = new IterableSource(documents.map(encode));
  return firstBatch(invocation, ns, source, batchSize, false);
}

/** Those of some documents that the command's option `filter` lets through. */
export function filtered(documents: Doc[], { body, name }: Invocation): Doc[] {
  return documents.filter(compileMatcher(docField(body, name, 'filter') ?? new Map<string, Value>()));
}
