import { ensure, mongoError } from '../errors';
import { equalityFields } from '../match';
import { equal, identical } from '../values/compare';
import { idOf, show } from '../values/show';
import { BSONRegExp, doc, isDoc, ObjectId, typeName, type Doc, type Value } from '../values/value';
import { OPERATORS, type FieldOperator } from './operators';
import { canHold, comparePaths, copyOf, create, deepCopy, notViable, put, reach, type Reach } from './tree';

export interface UpdateResult {
  after: Doc;
  /** False when the document stays as it was, byte for byte. */
  changed: boolean;
  /** What a change stream tells about it: updatedFields, removedFields and truncatedArrays; none for a whole document. */
  description?: Doc;
}

export interface Update {
  /** True when the update replaces the document as a whole. */
  readonly isReplacement: boolean;
  /**
   * Applies the update to a document, which itself stays as it is, or, to null, makes the one that is inserted where no
   * document matched the filter: it starts from the filter's equalities.
   */
  apply(before: Doc | null, filter: Doc): UpdateResult;
}

type Leaf = { parts: string[]; onlyOnInsert: boolean } & (
  { operator: FieldOperator; source?: undefined } | { operator?: undefined; source: string[] }
);

function splitPath(path: string): string[] {
  const parts = path.split('.');
  for (const part of parts) {
    ensure(part !== '', 'EmptyFieldName', `The update path '${path}' contains an empty field name.`);
    const positional = part === '$' || part.startsWith('$[');
    ensure(!positional, 'BadValue', `positional operators, '${path}', are not supported by the embedded database`);
    ensure(!part.startsWith('$'), 'DollarPrefixedFieldName', `The dollar ($) prefixed field '${part}' is not allowed`);
  }
  return parts;
}

function renameTarget(from: string, to: Value): string[] {
  ensure(typeof to === 'string', 'BadValue', `The 'to' field for $rename must be a string: ${from}: ${show(to)}`);
  const under = `${to}.`.startsWith(`${from}.`) || `${from}.`.startsWith(`${to}.`);
  ensure(!under, 'BadValue', `The source and target field for $rename must be apart: ${from}: "${to}"`);
  return splitPath(to);
}

/** Refuses two paths of which one is, or lies under, the other. */
function checkConflicts(leaves: Leaf[]): void {
  const paths = leaves.flatMap(({ parts, source }) => (source ? [source, parts] : [parts])).sort(comparePaths);
  paths.forEach((path, i) => {
    const before = i > 0 && paths[i - 1]!.every((part, n) => part === path[n]);
    const name = path.join('.');
    ensure(!before, 'ConflictingUpdateOperators', `Updating the path '${name}' would create a conflict at '${name}'`);
  });
}

function compileLeaves(update: Doc): Leaf[] {
  const leaves: Leaf[] = [];
  for (const [name, fields] of update) {
    const compile = OPERATORS[name];
    ensure(compile || name === '$rename', 'FailedToParse', `Unknown or unsupported update operator: ${name}`);
    ensure(isDoc(fields), 'FailedToParse', `Modifiers operate on fields but ${name} has a ${typeName(fields)}`);
    for (const [path, argument] of fields) {
      const parts = splitPath(path);
      const onlyOnInsert = name === '$setOnInsert';
      if (compile) leaves.push({ parts, operator: compile(argument, path), onlyOnInsert });
      else leaves.push({ parts: renameTarget(path, argument), source: parts, onlyOnInsert });
    }
  }
  checkConflicts(leaves);
  return leaves.sort((a, b) => comparePaths(a.parts, b.parts));
}

/** True when an array is another with more at its end. */
function extendsArray(array: Value[], start: Value[]): boolean {
  return array.length > start.length && start.every((element, i) => Object.is(element, array[i]));
}

/** One run of a modifier update over one document, which is changed in place. */
class Application {
  private readonly updated = new Map<string, string[]>();
  private readonly removed: string[] = [];
  changed = false;

  private readonly now = new Date();

  constructor(
    private readonly root: Doc,
    private readonly inserts: boolean,
  ) {}

  /** Takes down a change, for what a change stream tells: of a path that is set, or one that is removed. */
  private note(parts: string[], removes = false): void {
    const allowed = parts[0] !== '_id' || this.inserts;
    ensure(allowed, 'ImmutableField', "Performing an update on the path '_id' would modify the immutable field '_id'");
    this.changed = true;
    if (removes) this.removed.push(parts.join('.'));
    else this.updated.set(parts.join('.'), parts);
  }

  private replace(parts: string[], { holder, value: before }: Reach, value: Value, appends: boolean): void {
    put(holder as Doc | Value[], parts.at(-1)!, value);
    if (appends && Array.isArray(value) && Array.isArray(before) && extendsArray(value, before))
      for (let i = before.length; i < value.length; i++) this.note([...parts, String(i)]);
    else this.note(parts);
  }

  /** Removes a field; a position in an array becomes null. */
  private remove(parts: string[]): void {
    const { holder } = reach(this.root, parts);
    this.note(parts, holder instanceof Map);
    if (holder instanceof Map) holder.delete(parts.at(-1)!);
    else put(holder as Value[], parts.at(-1)!, null);
  }

  operate(parts: string[], operator: FieldOperator): void {
    const at = reach(this.root, parts);
    const context = { now: this.now, document: this.root, path: parts.join('.') };
    if (at.depth === parts.length) {
      const effect = operator.onExisting(at.value, context);
      if (effect === 'remove') this.remove(parts);
      else if (effect !== 'none') this.replace(parts, at, effect.value, operator.appends === true);
    } else if (operator.create) {
      this.note(create(parts, at, operator.create(context)));
    } else if (!operator.ignoresBadPath && !canHold(at.value, parts[at.depth]!)) throw notViable(parts, at);
  }

  rename(source: string[], target: string[]): void {
    const from = reach(this.root, source);
    if (from.depth < source.length) {
      if (!canHold(from.value, source[from.depth]!)) throw notViable(source, from);
      return;
    }
    const to = reach(this.root, target);
    const array = from.throughArray ?? to.throughArray ?? (to.depth < target.length && Array.isArray(to.value));
    const names = `'${source.join('.')}', '${target.join('.')}' in doc with ${idOf(this.root)}`;
    ensure(array === false || array === undefined, 'BadValue', `$rename can't go through an array: ${names}`);
    this.operate(target, { onExisting: () => ({ value: from.value }), create: () => from.value });
    this.remove(source);
  }

  description(): Doc {
    const updatedFields: Doc = new Map();
    for (const [name, parts] of this.updated) {
      // What was created as a whole is told as a whole.
      if (parts.some((_, i) => i > 0 && this.updated.has(parts.slice(0, i).join('.')))) continue;
      const found = reach(this.root, parts);
      if (found.depth === parts.length) updatedFields.set(name, found.value);
    }
    return doc({ updatedFields, removedFields: this.removed, truncatedArrays: [] });
  }
}

/** Refuses values that can't be the _id of a stored document; `code` is for the types that can't. */
export function checkId(id: Value | undefined, code: 'InvalidIdField' | 'BadValue'): void {
  const bad = Array.isArray(id) || id instanceof BSONRegExp;
  ensure(!bad, code, "The '_id' value cannot be an array or a regular expression");
  const name = isDoc(id) ? [...id.keys()].find((field) => field.startsWith('$')) : undefined;
  ensure(!name, 'DollarPrefixedFieldName', `_id fields may not contain '$'-prefixed fields: ${name}`);
}

function alteredId(id: Value | undefined): Error {
  const message = `After applying the update, the (immutable) field '_id' was found to have been altered to ${show(id)}`;
  return mongoError('ImmutableField', message);
}

function withIdFirst(document: Doc, id: Value): Doc {
  if (document.keys().next().value === '_id' && document.get('_id') === id) return document;
  return new Map([['_id', id], ...[...document].filter(([name]) => name !== '_id')]);
}

/** The document that an upsert's equalities describe. */
function fromFilter(filter: Doc): Doc {
  const root: Doc = new Map();
  const fixed = equalityFields(filter);
  for (const [path, value] of fixed) {
    const parts = path.split('.');
    const whole = parts[0] !== '_id' || parts.length === 1;
    ensure(whole, 'NotExactValueField', `field at '_id' must be exactly specified, found '${path}'`);
    const at = reach(root, parts);
    const taken = parts.some((_, i) => i > 0 && i <= at.depth && fixed.has(parts.slice(0, i).join('.')));
    const free = at.depth < parts.length && canHold(at.value, parts[at.depth]!) && !taken;
    ensure(free, 'NotSingleValueField', `cannot infer query fields to set, path '${path}' is matched twice`);
    create(parts, at, deepCopy(value));
  }
  return root;
}

/** Gives an upsert's document its `_id`, first, and refuses one that the filter contradicts. */
function finishInsert(document: Doc, wantedId: Value | undefined): UpdateResult {
  const id = document.get('_id') ?? (document.has('_id') ? null : (wantedId ?? new ObjectId()));
  checkId(id, 'InvalidIdField');
  if (wantedId !== undefined && !equal(id, wantedId)) throw alteredId(id);
  return { after: withIdFirst(document, id), changed: true };
}

function replacement(update: Doc): Update {
  const bad = [...update.keys()].find((name) => name.startsWith('$'));
  ensure(!bad, 'DollarPrefixedFieldName', `The dollar ($) prefixed field '${bad}' is not allowed in a replacement`);
  return {
    isReplacement: true,
    apply(before, filter) {
      if (before === null) return finishInsert(update, equalityFields(filter).get('_id'));
      const id = before.get('_id');
      if (update.has('_id') && !equal(update.get('_id'), id)) throw alteredId(update.get('_id'));
      const after = id === undefined ? update : withIdFirst(update, id);
      return { after, changed: !identical(before, after) };
    },
  };
}

function modifiers(update: Doc): Update {
  const leaves = compileLeaves(update);
  return {
    isReplacement: false,
    apply(before, filter) {
      const inserts = before === null;
      const document = inserts ? fromFilter(filter) : copyOf(before);
      const wantedId = document.get('_id');
      const run = new Application(document, inserts);
      for (const { parts, source, operator, onlyOnInsert } of leaves) {
        if (onlyOnInsert && !inserts) continue;
        if (source) run.rename(source, parts);
        else run.operate(parts, operator);
      }
      if (inserts) return finishInsert(document, wantedId);
      return { after: document, changed: run.changed, description: run.description() };
    },
  };
}

/**
 * Compiles an update: a document of operators, or a replacement. A pipeline is refused. Throws the MongoError that
 * mongod gives for a bad update; errors that depend on the document come from apply().
 */
export function compileUpdate(update: Value): Update {
  ensure(!Array.isArray(update), 'FailedToParse', 'updates by a pipeline are not supported by the embedded database');
  ensure(isDoc(update), 'FailedToParse', 'Update argument must be either an object or an array');
  return update.keys().next().value?.startsWith('$') ? modifiers(update) : replacement(update);
}
