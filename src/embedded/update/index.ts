import { mongoError } from '../errors';
import { compileMatcher, equalityFields } from '../match';
import { equal, identical } from '../values/compare';
import { BSONRegExp, isDoc, ObjectId, typeName, Undefined, type Doc, type Value } from '../values/value';
import { describe, idOf } from '../values/describe';
import { compileOperator, type FieldOperator } from './operators';
import { canHold, cannotTraverse, comparePaths, reach, Working } from './tree';

export interface UpdateContext {
  now: Date;
  /** The filter that chose the document; an upsert's new document starts from its equalities. */
  filter: Doc;
  /** True when no document matched and this makes the one that is inserted. */
  isUpsertInsert: boolean;
  arrayFilters?: Doc[];
}

export interface UpdateResult {
  after: Doc;
  /** False when the document stays as it was, byte for byte. */
  changed: boolean;
  /** What a change stream tells about it; empty for a replacement and an insert. */
  description: { updatedFields: Doc; removedFields: string[]; truncatedArrays: Doc[] };
}

export interface Update {
  /** True when the update replaces the document as a whole. */
  readonly isReplacement: boolean;
  /** Applies the update; `before` is null for an upsert's insert and is never changed itself. */
  apply(before: Doc | null, context: UpdateContext): UpdateResult;
}

type Leaf = { parts: string[]; onlyOnInsert: boolean } & (
  { operator: FieldOperator; source?: undefined } | { operator?: undefined; source: string[] }
);

const OPERATORS = new Set(
  '$set $setOnInsert $unset $inc $mul $min $max $rename $push $addToSet $pull $pullAll $pop $currentDate'.split(' '),
);

function splitPath(path: string): string[] {
  if (path === '') throw mongoError('EmptyFieldName', `An empty update path is not valid.`);
  const parts = path.split('.');
  parts.forEach((part, i) => {
    if (part === '')
      throw mongoError(
        'EmptyFieldName',
        `The update path '${path}' contains an empty field name, which is not allowed.`,
      );
    if (part === '$')
      throw mongoError('BadValue', `the positional operator in '${path}' is not supported by the embedded database`);
    if (part.startsWith('$[') && part.endsWith(']')) {
      if (i === 0)
        throw mongoError('BadValue', `Cannot have array filter identifier in the first component of '${path}'`);
    } else if (part.startsWith('$'))
      throw mongoError(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update`,
      );
  });
  return parts;
}

function renameTarget(from: string, to: Value): string[] {
  if (typeof to !== 'string')
    throw mongoError('BadValue', `The 'to' field for $rename must be a string: ${from}: ${describe(to)}`);
  const source = splitPath(from);
  const target = splitPath(to);
  if ([...source, ...target].some((part) => part.startsWith('$[')))
    throw mongoError('BadValue', `The source and destination fields of $rename may not be dynamic: '${from}', '${to}'`);
  if (from === to)
    throw mongoError('BadValue', `The source and target field for $rename must differ: ${from}: "${to}"`);
  if (isPrefix(source, target) || isPrefix(target, source))
    throw mongoError(
      'BadValue',
      `The source and target field for $rename must not be on the same path: ${from}: "${to}"`,
    );
  return target;
}

function isPrefix(a: string[], b: string[]): boolean {
  return a.length <= b.length && a.every((part, i) => part === b[i]);
}

/** Refuses two paths of which one is, or lies under, the other. */
class PathSet {
  private readonly root = new Map<string, unknown>();

  add(parts: string[]): void {
    let node = this.root;
    parts.forEach((part, i) => {
      const last = i === parts.length - 1;
      const next = node.get(part);
      if (next !== undefined && (last || next === true)) {
        throw mongoError(
          'ConflictingUpdateOperators',
          `Updating the path '${parts.join('.')}' would create a conflict at '${parts.slice(0, i + 1).join('.')}'`,
        );
      }
      if (last) node.set(part, true);
      else if (next === undefined) {
        const child = new Map<string, unknown>();
        node.set(part, child);
        node = child;
      } else node = next as Map<string, unknown>;
    });
  }
}

function compileLeaves(update: Doc): Leaf[] {
  const leaves: Leaf[] = [];
  const paths = new PathSet();
  for (const [name, fields] of update) {
    if (!OPERATORS.has(name)) {
      if (name === '$bit') throw mongoError('FailedToParse', '$bit is not supported by the embedded database');
      throw mongoError(
        'FailedToParse',
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(fields)) {
      throw mongoError(
        'FailedToParse',
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${describe(fields)}}`,
      );
    }
    for (const [path, argument] of fields) {
      const parts = splitPath(path);
      if (name === '$rename') {
        const target = renameTarget(path, argument);
        paths.add(parts);
        paths.add(target);
        leaves.push({ parts: target, source: parts, onlyOnInsert: false });
      } else {
        const operator = compileOperator(name, path, argument)!;
        paths.add(parts);
        leaves.push({ parts, operator, onlyOnInsert: name === '$setOnInsert' });
      }
    }
  }
  return leaves.sort((a, b) => comparePaths(a.parts, b.parts));
}

/** Array filters by identifier; each is a condition on an element under that name. */
function compileArrayFilters(filters: Doc[], leaves: Leaf[]): Map<string, (element: Value) => boolean> {
  const compiled = new Map<string, (element: Value) => boolean>();
  const used = new Set(
    leaves.flatMap((leaf) => leaf.parts.filter((p) => p.startsWith('$[')).map((p) => p.slice(2, -1))),
  );
  for (const filter of filters) {
    const names = new Set([...filter.keys()].map((path) => path.split('.')[0]!));
    const [name] = names;
    if (name === undefined)
      throw mongoError('FailedToParse', 'Cannot use an expression without a top-level field name in arrayFilters');
    if (names.size > 1 || name.startsWith('$'))
      throw mongoError(
        'FailedToParse',
        `Expected a single top-level field name in an array filter, found '${[...names].join("' and '")}'`,
      );
    if (!/^[a-z][A-Za-z0-9]*$/.test(name))
      throw mongoError(
        'BadValue',
        `The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    if (compiled.has(name))
      throw mongoError('FailedToParse', `Found multiple array filters with the same top-level field name ${name}`);
    if (!used.has(name))
      throw mongoError('FailedToParse', `The array filter for identifier '${name}' was not used in the update`);
    const { matches } = compileMatcher(filter);
    compiled.set(name, (element) => matches(new Map([[name, element]])));
  }
  for (const name of used) {
    if (name !== '' && !compiled.has(name))
      throw mongoError('BadValue', `No array filter found for identifier '${name}'`);
  }
  return compiled;
}

/** The concrete paths of a path with `$[]` or `$[name]` in it. */
function expand(root: Doc, parts: string[], filters: Map<string, (element: Value) => boolean>): string[][] {
  const i = parts.findIndex((part) => part.startsWith('$['));
  if (i < 0) return [parts];
  const holder = parts.slice(0, i);
  const found = reach(root, holder);
  if (found.depth < holder.length)
    throw mongoError(
      'BadValue',
      `The path '${holder.join('.')}' must exist in the document in order to apply array updates.`,
    );
  if (!Array.isArray(found.value))
    throw mongoError(
      'BadValue',
      `Cannot apply array updates to non-array element ${holder.at(-1)}: ${describe(found.value)}`,
    );
  const name = parts[i]!.slice(2, -1);
  const wanted = name === '' ? () => true : filters.get(name)!;
  return found.value.flatMap((element, n) =>
    wanted(element) ? expand(root, [...holder, String(n), ...parts.slice(i + 1)], filters) : [],
  );
}

/** True when an array is another with more at its end. */
function extendsArray(array: Value[], start: Value[]): boolean {
  return array.length > start.length && start.every((element, i) => Object.is(element, array[i]));
}

/** One run of a modifier update over one document. */
class Application {
  readonly updated = new Map<string, string[]>();
  readonly removed: string[] = [];
  changed = false;

  constructor(
    private readonly working: Working,
    private readonly context: UpdateContext,
  ) {}

  private note(parts: string[]): void {
    if (parts[0] === '_id' && !this.context.isUpsertInsert)
      throw mongoError(
        'ImmutableField',
        `Performing an update on the path '_id' would modify the immutable field '_id'`,
      );
    this.changed = true;
  }

  private put(parts: string[], value: Value, before: Value, appends: boolean): void {
    this.note(parts);
    this.working.set(parts, value);
    if (appends && Array.isArray(value) && Array.isArray(before) && extendsArray(value, before)) {
      for (let i = before.length; i < value.length; i++) this.record([...parts, String(i)]);
    } else this.record(parts);
  }

  private record(parts: string[]): void {
    this.updated.set(parts.join('.'), parts);
  }

  private remove(parts: string[]): void {
    this.note(parts);
    if (this.working.remove(parts) === 'removed') this.removed.push(parts.join('.'));
    else this.record(parts);
  }

  operate(parts: string[], operator: FieldOperator): void {
    const { root } = this.working;
    const at = reach(root, parts);
    const context = { now: this.context.now, document: root, path: parts.join('.') };
    if (at.depth === parts.length) {
      const effect = operator.onExisting(at.value, context);
      if (effect === 'remove') this.remove(parts);
      else if (effect !== 'none') this.put(parts, effect.value, at.value, operator.appends === true);
    } else if (operator.create) {
      const created = this.working.create(parts, at, operator.create(context));
      this.note(created);
      this.record(created);
    } else if (!operator.ignoresBadPath && !canHold(at.value, parts[at.depth]!)) throw cannotTraverse(parts, at);
  }

  rename(source: string[], target: string[]): void {
    const { root } = this.working;
    const from = reach(root, source);
    if (from.depth < source.length) {
      if (!canHold(from.value, source[from.depth]!)) throw cannotTraverse(source, from);
      return;
    }
    const throughArray = (which: string, path: string[], field: string): Error =>
      mongoError(
        'BadValue',
        `The ${which} field cannot be an array element, '${path.join('.')}' in doc with ${idOf(root)} has an array field called '${field}'`,
      );
    if (from.throughArray !== undefined) throw throughArray('source', source, from.throughArray);
    const to = reach(root, target);
    if (to.throughArray !== undefined) throw throughArray('destination', target, to.throughArray);
    if (to.depth < target.length && Array.isArray(to.value))
      throw throughArray('destination', target, target[to.depth - 1]!);
    this.operate(target, { onExisting: () => ({ value: from.value }), create: () => from.value });
    this.remove(source);
  }

  description(): UpdateResult['description'] {
    const updatedFields: Doc = new Map();
    for (const [name, parts] of this.updated) {
      // What was created as a whole is told as a whole.
      if (parts.some((_, i) => i > 0 && this.updated.has(parts.slice(0, i).join('.')))) continue;
      const found = reach(this.working.root, parts);
      if (found.depth === parts.length) updatedFields.set(name, found.value);
    }
    return { updatedFields, removedFields: this.removed, truncatedArrays: [] };
  }
}

const nothing = (): UpdateResult['description'] => ({
  updatedFields: new Map(),
  removedFields: [],
  truncatedArrays: [],
});

function checkId(id: Value): void {
  if (Array.isArray(id) || id instanceof BSONRegExp || id instanceof Undefined)
    throw mongoError('InvalidIdField', `The '_id' value cannot be of type ${typeName(id)}`);
  if (isDoc(id)) {
    for (const name of id.keys())
      if (name.startsWith('$'))
        throw mongoError(
          'DollarPrefixedFieldName',
          `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`,
        );
  }
}

function alteredId(id: Value | undefined): Error {
  return mongoError(
    'ImmutableField',
    `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${describe(id)}`,
  );
}

function withIdFirst(document: Doc, id: Value): Doc {
  if (document.keys().next().value === '_id' && document.get('_id') === id) return document;
  const result: Doc = new Map([['_id', id]]);
  for (const [name, value] of document) if (name !== '_id') result.set(name, value);
  return result;
}

/** The document that an upsert's equalities describe. */
function fromFilter(filter: Doc): Doc {
  const working = new Working(new Map());
  for (const [path, value] of equalityFields(filter)) {
    const parts = path.split('.');
    if (parts[0] === '_id' && parts.length > 1)
      throw mongoError(
        'NotExactValueField',
        `field at '_id' must be exactly specified, field at sub-path '${path}'found`,
      );
    const at = reach(working.root, parts);
    if (at.depth === parts.length || !canHold(at.value, parts[at.depth]!) || isOwnValue(filter, parts, at.depth))
      throw mongoError(
        'NotSingleValueField',
        `cannot infer query fields to set, both paths '${path}' and '${parts.slice(0, at.depth).join('.')}' are matched`,
      );
    working.create(parts, at, value);
  }
  return working.root;
}

/** True when a shorter path of the same filter already fixed the value that this one would write into. */
function isOwnValue(filter: Doc, parts: string[], depth: number): boolean {
  const fixed = equalityFields(filter);
  for (let i = 1; i <= depth; i++) if (fixed.has(parts.slice(0, i).join('.'))) return true;
  return false;
}

/** Gives an upsert's document its `_id`, first, and refuses one that the filter contradicts. */
function finishInsert(document: Doc, wantedId: Value | undefined): Doc {
  const id = document.get('_id') ?? (document.has('_id') ? null : (wantedId ?? new ObjectId()));
  checkId(id);
  if (wantedId !== undefined && !equal(id, wantedId)) throw alteredId(id);
  return withIdFirst(document, id);
}

function replacement(update: Doc): Update {
  for (const name of update.keys()) {
    if (name.startsWith('$'))
      throw mongoError(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
  }
  return {
    isReplacement: true,
    apply(before, { filter, isUpsertInsert, arrayFilters }) {
      if (arrayFilters && arrayFilters.length > 0)
        throw mongoError('FailedToParse', 'arrayFilters may not be specified for a replacement-style update');
      if (before === null || isUpsertInsert) {
        const after = finishInsert(update, equalityFields(filter).get('_id'));
        return { after, changed: true, description: nothing() };
      }
      const id = before.get('_id');
      if (update.has('_id') && !equal(update.get('_id'), id)) throw alteredId(update.get('_id'));
      const after = id === undefined ? update : withIdFirst(update, id);
      return { after, changed: !identical(before, after), description: nothing() };
    },
  };
}

function modifiers(update: Doc): Update {
  const leaves = compileLeaves(update);
  return {
    isReplacement: false,
    apply(before, context) {
      const { isUpsertInsert, filter } = context;
      const filters = compileArrayFilters(context.arrayFilters ?? [], leaves);
      const start = isUpsertInsert || before === null ? fromFilter(filter) : before;
      const working = new Working(start);
      const run = new Application(working, context);
      for (const { parts, source, operator, onlyOnInsert } of leaves) {
        if (onlyOnInsert && !isUpsertInsert) continue;
        if (source) run.rename(source, parts);
        else for (const path of expand(working.root, parts, filters)) run.operate(path, operator);
      }
      if (isUpsertInsert) {
        const after = finishInsert(working.root, start.get('_id'));
        return { after, changed: true, description: nothing() };
      }
      return { after: working.root, changed: run.changed, description: run.description() };
    },
  };
}

/**
 * Compiles an update: a document of operators, or a replacement. A pipeline is refused. Throws the MongoError that
 * mongod gives for a bad update; errors that depend on the document come from apply().
 */
export function compileUpdate(update: Value): Update {
  if (Array.isArray(update))
    throw mongoError('FailedToParse', 'updates by an aggregation pipeline are not supported by the embedded database');
  if (!isDoc(update)) throw mongoError('FailedToParse', 'Update argument must be either an object or an array');
  return update.keys().next().value?.startsWith('$') ? modifiers(update) : replacement(update);
}
