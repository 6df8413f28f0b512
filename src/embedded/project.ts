import { compileExpression, type Variables } from './aggregate/expression';
import { fieldPath } from './aggregate/field-path';
import { toBoolean } from './aggregate/coerce';
import type { Expression } from './aggregate/operators';
import { ensure } from './errors';
import { isOperatorDocument } from './match/predicates';
import { compileByteProjection } from './project-bytes';
import { StoredDoc } from './values/stored-doc';
import { isDoc, isNumeric, type Doc, type Value } from './values/value';

/** Paths as a tree, with what each ends at. */
type Tree<Leaf> = Map<string, Leaf | Tree<Leaf>>;

/** The node at a path, made together with all above it. */
function nodeAt<Leaf>(tree: Tree<Leaf>, parts: string[]): Tree<Leaf> {
  return parts.reduce<Tree<Leaf>>((node, part) => {
    const next = (node.get(part) as Tree<Leaf> | undefined) ?? new Map<string, Leaf | Tree<Leaf>>();
    node.set(part, next);
    return next;
  }, tree);
}

/** Only the fields of a tree; `true` takes a field as a whole. */
function include(tree: Tree<true>, document: Doc): Doc {
  const result: Doc = new Map();
  if (tree.size === 0) return result;
  for (const [name, value] of document) {
    const wanted = tree.get(name);
    const kept = wanted instanceof Map ? includeIn(wanted, value) : wanted && value;
    if (kept !== undefined) result.set(name, kept);
  }
  return result;
}

function includeIn(tree: Tree<true>, value: Value): Value | undefined {
  if (value instanceof Map) return include(tree, value);
  if (!Array.isArray(value)) return undefined;
  return value.map((element) => includeIn(tree, element)).filter((element) => element !== undefined);
}

/** All but the fields of a tree; the source stays as it is. */
function exclude(tree: Tree<true>, document: Doc): Doc {
  const result: Doc = new Map();
  for (const [name, value] of document) {
    const dropped = tree.get(name);
    if (dropped !== true) result.set(name, dropped ? excludeIn(dropped, value) : value);
  }
  return result;
}

function excludeIn(tree: Tree<true>, value: Value): Value {
  if (value instanceof Map) return exclude(tree, value);
  return Array.isArray(value) ? value.map((element) => excludeIn(tree, element)) : value;
}

/** Sets computed fields in `target`, which must be the caller's own; `root` is what expressions see. */
function compute(tree: Tree<Expression>, target: Doc, root: Doc): Doc {
  for (const [name, item] of tree) {
    const value = item instanceof Map ? computeIn(item, target.get(name), root) : item(root);
    if (value === undefined) target.delete(name);
    else target.set(name, value);
  }
  return target;
}

function computeIn(tree: Tree<Expression>, value: Value | undefined, root: Doc): Value {
  if (Array.isArray(value)) return value.map((element) => computeIn(tree, element, root));
  return compute(tree, value instanceof Map ? new Map(value) : new Map<string, Value>(), root);
}

/** Takes in a specification entry by entry: each bears on whether the projection includes or excludes. */
class Projection {
  /** Fields that are included, or excluded, as a whole. */
  readonly whole: Tree<true> = new Map();
  readonly computed: Tree<Expression> = new Map();
  private readonly paths: string[] = [];
  private kind: 'inclusion' | 'exclusion' | undefined;
  private idKept: boolean | undefined;

  constructor(private readonly vars: Variables) {}

  private decide(kind: 'inclusion' | 'exclusion', path: string, code = kind === 'exclusion' ? 31254 : 31253): void {
    const agrees = this.kind === undefined || this.kind === kind;
    ensure(agrees, code, `Cannot do ${kind} on field ${path} in ${this.kind} projection`);
    this.kind = kind;
  }

  /** Adds a field at a path: as a whole, or computed by an expression. */
  add(path: string, expression?: Value): void {
    const parts = fieldPath(path);
    const last = parts.pop()!;
    const apart = this.paths.every(
      (other) => !`${other}.`.startsWith(`${path}.`) && !`${path}.`.startsWith(`${other}.`),
    );
    ensure(apart, 31250, `Path collision at ${path}`);
    this.paths.push(path);
    const holder = nodeAt(this.whole, parts);
    if (expression === undefined) holder.set(last, true);
    else nodeAt(this.computed, parts).set(last, compileExpression(expression, this.vars));
  }

  entry(path: string, value: Value): void {
    const positional = path.endsWith('.$') || path.includes('.$.');
    ensure(!positional, 31276, `the positional projection '${path}' is not supported by the embedded database`);
    if ((typeof value === 'boolean' || isNumeric(value)) && path === '_id') {
      ensure(this.idKept === undefined, 31250, 'Path collision at _id');
      this.idKept = toBoolean(value);
    } else if (typeof value === 'boolean' || isNumeric(value)) {
      this.decide(toBoolean(value) ? 'inclusion' : 'exclusion', path);
      this.add(path);
    } else if (isDoc(value) && !(value.size === 1 && isOperatorDocument(value))) {
      const filled = value.size > 0;
      ensure(filled, 51270, `An empty sub-projection is not a valid value. Found empty object at path '${path}'`);
      for (const [name, inner] of value) {
        ensure(!name.startsWith('$'), 16410, `an expression must be alone in its specification: '${path}'`);
        this.entry(`${path}.${name}`, inner);
      }
    } else {
      this.decide('inclusion', path, 31252);
      this.add(path, value);
      if (path === '_id') this.idKept = false;
    }
  }

  finish(): (document: Doc) => Doc {
    const { whole, computed, idKept } = this;
    const inclusion = (this.kind ?? (idKept === true ? 'inclusion' : 'exclusion')) === 'inclusion';
    const idNamed = whole.has('_id') || computed.has('_id');
    if (!idNamed && (inclusion ? idKept !== false : idKept === false)) whole.set('_id', true);
    if (!inclusion) return (document) => exclude(whole, document);
    if (computed.size > 0) return (document) => compute(computed, include(whole, document), document);
    const includeBytes = compileByteProjection(whole);
    return (document) => {
      const bytes = document instanceof StoredDoc && document.bytes && includeBytes(document.bytes);
      return bytes ? new StoredDoc(bytes) : include(whole, document);
    };
  }
}

/**
 * Compiles a projection, of find or of a $project stage: inclusion, exclusion, computed fields. The positional operator
 * and $slice, $elemMatch and $meta are refused. The compiled function never changes its argument.
 */
export function compileProjection(specification: Doc, vars: Variables = new Map()): (document: Doc) => Doc {
  const projection = new Projection(vars);
  for (const [path, value] of specification) projection.entry(path, value);
  return projection.finish();
}

/** Compiles the specification of $addFields / $set. */
export function compileAddFields(specification: Doc, vars: Variables): (document: Doc) => Doc {
  const projection = new Projection(vars);
  const add = (path: string, value: Value): void => {
    if (isDoc(value) && value.size > 0 && !isOperatorDocument(value))
      for (const [name, inner] of value as Doc) add(`${path}.${name}`, inner);
    else projection.add(path, value);
  };
  for (const [path, value] of specification) add(path, value);
  return (document) => compute(projection.computed, new Map(document), document);
}

/** Compiles the paths of an $unset stage. */
export function compileUnset(paths: string[]): (document: Doc) => Doc {
  const projection = new Projection(new Map());
  for (const path of paths) projection.add(path);
  return (document) => exclude(projection.whole, document);
}
