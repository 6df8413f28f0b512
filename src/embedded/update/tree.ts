import { mongoError } from '../errors';
import { compareStrings } from '../values/compare';
import { arrayIndex } from '../values/paths';
import type { Doc, Value } from '../values/value';
import { show } from '../values/show';

/** The most nulls that an update may add to an array to reach a position, as in mongod. */
const MAX_PADDING = 1_500_000;

/** Order in which an update's paths are applied: by component, numbers by value, all else by bytes. */
export function comparePaths(a: string[], b: string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const x = arrayIndex(a[i]!);
    const y = arrayIndex(b[i]!);
    const order = x >= 0 && y >= 0 ? x - y : compareStrings(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Where a path leads in a document: how many components exist, and the value they lead to. */
export interface Reach {
  depth: number;
  value: Value;
  /** What holds that value. */
  holder: Value;
  /** Components before `depth` that are positions in an array. */
  throughArray: string | undefined;
}

function childOf(container: Value, part: string): Value | undefined {
  if (container instanceof Map) return container.get(part);
  return Array.isArray(container) ? container[arrayIndex(part)] : undefined;
}

/** Follows a path as far as it exists. */
export function reach(root: Doc, parts: string[]): Reach {
  let value: Value = root;
  let holder: Value = root;
  let throughArray: string | undefined;
  let depth = 0;
  while (depth < parts.length) {
    const next = childOf(value, parts[depth]!);
    if (next === undefined) break;
    if (Array.isArray(value)) throughArray = parts[depth - 1];
    holder = value;
    value = next;
    depth++;
  }
  return { depth, value, holder, throughArray };
}

/** True when the next component could be created in a value: documents take any, arrays positions. */
export function canHold(container: Value, part: string): boolean {
  return container instanceof Map || (Array.isArray(container) && arrayIndex(part) >= 0);
}

/** The error of a path that goes through a value that can't hold its next component. */
export function notViable(parts: string[], { depth, value }: Reach): Error {
  const holder = depth > 0 ? parts[depth - 1] : '';
  return mongoError(
    'PathNotViable',
    `Cannot use '${parts[depth]}' of '${parts.join('.')}' in {${holder}: ${show(value)}}`,
  );
}

/** A copy that shares no document and no array with the original. */
export function deepCopy(value: Value): Value {
  if (value instanceof Map) return copyOf(value);
  return Array.isArray(value) ? value.map(deepCopy) : value;
}

/** The same of a document. */
export function copyOf(document: Doc): Doc {
  return new Map([...document].map(([name, inner]) => [name, deepCopy(inner)]));
}

/**
 * Creates what is missing of a path behind what it reached, documents all the way, and sets the value. Gives the path of
 * the first component that was created.
 */
export function create(parts: string[], at: Reach, value: Value): string[] {
  if (!canHold(at.value, parts[at.depth]!)) throw notViable(parts, at);
  const created = parts.slice(at.depth + 1).reduceRight<Value>((inner, part) => new Map([[part, inner]]), value);
  put(at.value as Doc | Value[], parts[at.depth]!, created);
  return parts.slice(0, at.depth + 1);
}

/** Sets a field of a document, or a position of an array, which is filled up with nulls where it is too short. */
export function put(container: Doc | Value[], part: string, value: Value): void {
  if (container instanceof Map) {
    container.set(part, value);
    return;
  }
  const index = arrayIndex(part);
  if (index - container.length > MAX_PADDING)
    throw mongoError('CannotBackfillArray', `can't backfill more than ${MAX_PADDING} elements`);
  while (container.length < index) container.push(null);
  container[index] = value;
}
