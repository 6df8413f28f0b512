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
  let throughArray: string | undefined;
  let depth = 0;
  while (depth < parts.length) {
    const next = childOf(value, parts[depth]!);
    if (next === undefined) break;
    if (Array.isArray(value)) throughArray = parts[depth - 1];
    value = next;
    depth++;
  }
  return { depth, value, throughArray };
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

/** A document being updated: what it shares with the original is copied before it is written. */
export class Working {
  readonly root: Doc;
  private readonly own = new Set<object>();

  constructor(before: Doc) {
    this.root = new Map(before);
    this.own.add(this.root);
  }

  /** The container of the path's last component, copied together with all above it; it must exist. */
  private writable(parts: string[]): Doc | Value[] {
    let container: Doc | Value[] = this.root;
    for (let i = 0; i < parts.length - 1; i++) {
      let child = childOf(container, parts[i]!) as Doc | Value[];
      if (!this.own.has(child)) {
        child = Array.isArray(child) ? [...child] : new Map(child);
        this.own.add(child);
        put(container, parts[i]!, child);
      }
      container = child;
    }
    return container;
  }

  /** Sets the value at a path whose containers exist. */
  set(parts: string[], value: Value): void {
    put(this.writable(parts), parts.at(-1)!, value);
  }

  /** Removes a field; a position in an array becomes null. */
  remove(parts: string[]): 'removed' | 'nulled' {
    const container = this.writable(parts);
    if (Array.isArray(container)) {
      container[arrayIndex(parts.at(-1)!)] = null;
      return 'nulled';
    }
    container.delete(parts.at(-1)!);
    return 'removed';
  }

  /**
   * Creates what is missing of a path, documents all the way, and sets the value. Gives the path of the first component
   * that was created.
   */
  create(parts: string[], at: Reach, value: Value): string[] {
    if (!canHold(at.value, parts[at.depth]!)) throw notViable(parts, at);
    let created = value;
    for (let i = parts.length - 1; i > at.depth; i--) created = new Map([[parts[i]!, created]]);
    const path = parts.slice(0, at.depth + 1);
    this.set(path, created);
    return path;
  }
}

function put(container: Doc | Value[], part: string, value: Value): void {
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
