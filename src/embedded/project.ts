import { compileExpression, type Expression } from './aggregate/expression';
import { mongoError, MongoError } from './errors';
import { compileMatcher, compileElementCondition, isOperatorDocument } from './match';
import { asNumber, isDoc, isNumeric, type Doc, type Value } from './values/value';

/** What a projection does below one field name. */
class ProjectionNode {
  /** Fields that are included (or excluded) as a whole. */
  readonly leaves = new Set<string>();
  readonly children = new Map<string, ProjectionNode>();
  /** Computed fields and children that hold some, in the order of the specification. */
  readonly computed = new Map<string, Expression | ProjectionNode>();

  /** Keeps only the included fields. */
  include(document: Doc): Doc {
    const result: Doc = new Map();
    for (const [name, value] of document) {
      if (this.leaves.has(name)) result.set(name, value);
      else {
        const kept = this.children.get(name)?.includeIn(value);
        if (kept !== undefined) result.set(name, kept);
      }
    }
    return result;
  }

  private includeIn(value: Value): Value | undefined {
    if (value instanceof Map) return this.include(value);
    if (!Array.isArray(value)) return undefined;
    return value.map((element) => this.includeIn(element)).filter((element) => element !== undefined);
  }

  /** Leaves the excluded fields out; the source stays as it is. */
  exclude(document: Doc): Doc {
    const result: Doc = new Map();
    for (const [name, value] of document) {
      if (this.leaves.has(name)) continue;
      const child = this.children.get(name);
      result.set(name, child ? child.excludeIn(value) : value);
    }
    return result;
  }

  private excludeIn(value: Value): Value {
    if (value instanceof Map) return this.exclude(value);
    return Array.isArray(value) ? value.map((element) => this.excludeIn(element)) : value;
  }

  /** Sets the computed fields in `target`, which must be the caller's own; `root` is what expressions see. */
  compute(target: Doc, root: Doc): Doc {
    for (const [name, item] of this.computed) {
      const value = item instanceof ProjectionNode ? item.computeIn(target.get(name), root) : item(root);
      if (value === undefined) target.delete(name);
      else target.set(name, value);
    }
    return target;
  }

  private computeIn(value: Value | undefined, root: Doc): Value {
    if (Array.isArray(value)) return value.map((element) => this.computeIn(element, root));
    return this.compute(value instanceof Map ? new Map(value) : new Map<string, Value>(), root);
  }
}

function pathCollision(path: string): Error {
  return new MongoError(31250, `Path collision at ${path}`);
}

/** Splits a path and refuses empty and $-prefixed components. */
export function fieldPath(path: string): string[] {
  if (path === '') throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$'))
      throw new MongoError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
  }
  return parts;
}

function nodeFor(root: ProjectionNode, parts: string[], path: string, computed: boolean): ProjectionNode {
  let node = root;
  for (const part of parts.slice(0, -1)) {
    const item = node.computed.get(part);
    if (node.leaves.has(part) || (item !== undefined && !(item instanceof ProjectionNode))) throw pathCollision(path);
    let child = node.children.get(part);
    if (!child) node.children.set(part, (child = new ProjectionNode()));
    if (computed) node.computed.set(part, child);
    node = child;
  }
  const last = parts.at(-1)!;
  if (node.leaves.has(last) || node.children.has(last) || node.computed.has(last)) throw pathCollision(path);
  return node;
}

/** Adds a whole field to the tree. */
function addLeaf(root: ProjectionNode, path: string): void {
  const parts = fieldPath(path);
  nodeFor(root, parts, path, false).leaves.add(parts.at(-1)!);
}

/** Adds a computed field to the tree. */
function addComputed(root: ProjectionNode, path: string, expression: Expression): void {
  const parts = fieldPath(path);
  nodeFor(root, parts, path, true).computed.set(parts.at(-1)!, expression);
}

type Step = (result: Doc, source: Doc) => Doc;

function sliceBounds(v: Value): { skip: number | undefined; limit: number } {
  const whole = (n: Value): number => {
    const value = asNumber(n);
    if (value === undefined) throw new MongoError(28724, '$slice only supports numbers and [skip, limit] arrays');
    return Math.trunc(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)));
  };
  if (!Array.isArray(v)) return { skip: undefined, limit: whole(v) };
  if (v.length !== 2) throw new MongoError(28667, 'Expression $slice takes 2 arguments here: [skip, limit]');
  const limit = whole(v[1]!);
  if (limit <= 0) throw new MongoError(28729, '$slice limit must be positive');
  return { skip: whole(v[0]!), limit };
}

function sliceArray(array: Value[], { skip, limit }: { skip: number | undefined; limit: number }): Value[] {
  if (skip === undefined) return limit < 0 ? array.slice(limit) : array.slice(0, limit);
  const start = skip < 0 ? Math.max(0, array.length + skip) : skip;
  return array.slice(start, start + limit);
}

function sliceAt(value: Value, parts: string[], at: number, bounds: ReturnType<typeof sliceBounds>): Value {
  if (at === parts.length) return Array.isArray(value) ? sliceArray(value, bounds) : value;
  if (Array.isArray(value))
    return at === 0
      ? value
      : value.map((element) => (element instanceof Map ? sliceAt(element, parts, at, bounds) : element));
  if (!(value instanceof Map)) return value;
  const inner = value.get(parts[at]!);
  if (inner === undefined) return value;
  return new Map(value).set(parts[at]!, sliceAt(inner, parts, at + 1, bounds));
}

function elemMatchStep(path: string, condition: Value): Step {
  if (path.includes('.')) throw new MongoError(31255, 'Cannot use $elemMatch projection on a nested field');
  if (!isDoc(condition)) throw new MongoError(31274, 'elemMatch: Invalid argument, object required');
  compileMatcher(new Map([[path, new Map([['$elemMatch', condition]])]]));
  const test = compileElementCondition(condition);
  return (result, source) => {
    const array = source.get(path);
    result.delete(path);
    const found = Array.isArray(array) ? array.find((element) => test(element)) : undefined;
    return found === undefined ? result : result.set(path, [found]);
  };
}

/** How one entry of a specification bears on whether the projection includes or excludes. */
class Compiler {
  readonly root = new ProjectionNode();
  readonly steps: Step[] = [];
  private kind: 'inclusion' | 'exclusion' | undefined;
  private idKept: boolean | undefined;
  private sliced = false;

  constructor(
    private readonly forFind: boolean,
    private readonly vars: ReadonlyMap<string, Value | undefined>,
  ) {}

  private decide(kind: 'inclusion' | 'exclusion', path: string): void {
    if (this.kind !== undefined && this.kind !== kind) {
      throw kind === 'exclusion'
        ? new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
        : new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
    }
    this.kind = kind;
  }

  private computed(path: string, value: Value): void {
    if (this.kind === 'exclusion')
      throw new MongoError(31252, `Cannot use an expression in an exclusion projection: ${path}`);
    this.kind = 'inclusion';
    addComputed(this.root, path, compileExpression(value, this.vars));
  }

  private special(path: string, operator: string, argument: Value): boolean {
    if (operator === '$meta') throw mongoError('BadValue', '$meta is not supported by the embedded database');
    if (!this.forFind) return false;
    if (operator === '$slice' && !(Array.isArray(argument) && !argument.every(isNumeric))) {
      const parts = fieldPath(path);
      const bounds = sliceBounds(argument);
      nodeFor(this.root, parts, path, false).leaves.add(parts.at(-1)!);
      this.slicedPaths.push(path);
      this.sliced = true;
      this.steps.push((result) => sliceAt(result, parts, 0, bounds) as Doc);
      return true;
    }
    if (operator === '$elemMatch') {
      this.decide('inclusion', path);
      this.steps.push(elemMatchStep(path, argument));
      return true;
    }
    return false;
  }

  /** Paths of $slice: kept by an inclusion and, unlike other leaves, by an exclusion too. */
  private readonly slicedPaths: string[] = [];

  private nested(path: string, value: Doc): void {
    if (value.size === 0)
      throw new MongoError(51270, `An empty sub-projection is not a valid value. Found empty object at path '${path}'`);
    for (const [name, inner] of value) {
      if (name.startsWith('$'))
        throw new MongoError(
          16410,
          `an expression specification must contain exactly one field, the name of the expression: '${path}'`,
        );
      this.entry(`${path}.${name}`, inner);
    }
  }

  entry(path: string, value: Value): void {
    if (path.endsWith('.$') || path.includes('.$.'))
      throw new MongoError(31276, `the positional projection '${path}' is not supported by the embedded database`);
    if (typeof value === 'boolean' || isNumeric(value)) {
      const keep = value === true || (value !== false && asNumber(value) !== 0);
      if (path === '_id') {
        if (this.idKept !== undefined) throw pathCollision(path);
        this.idKept = keep;
        return;
      }
      this.decide(keep ? 'inclusion' : 'exclusion', path);
      addLeaf(this.root, path);
    } else if (isDoc(value) && !(value.size === 1 && isOperatorDocument(value))) this.nested(path, value);
    else {
      if (isDoc(value)) {
        const [operator, argument] = [...value][0]!;
        if (this.special(path, operator, argument)) return;
      }
      this.computed(path, value);
      if (path === '_id') this.idKept = false;
    }
  }

  finish(): (document: Doc) => Doc {
    const { root, steps } = this;
    if (this.kind === undefined) this.kind = this.idKept === true && !this.sliced ? 'inclusion' : 'exclusion';
    const inclusion = this.kind === 'inclusion';
    if (!inclusion) for (const path of this.slicedPaths) removeLeaf(root, path.split('.'));
    if (!root.children.has('_id') && !root.computed.has('_id')) {
      if (inclusion ? this.idKept !== false : this.idKept === false) root.leaves.add('_id');
    }
    const compute = root.computed.size > 0;
    return (document) => {
      let result = inclusion ? root.include(document) : root.exclude(document);
      if (compute) result = root.compute(result, document);
      for (const step of steps) result = step(result, document);
      return result;
    };
  }
}

function removeLeaf(node: ProjectionNode, parts: string[]): void {
  const [first, ...rest] = parts;
  if (rest.length === 0) node.leaves.delete(first!);
  else removeLeaf(node.children.get(first!)!, rest);
}

function build(spec: Doc, forFind: boolean, vars: ReadonlyMap<string, Value | undefined>): (document: Doc) => Doc {
  const compiler = new Compiler(forFind, vars);
  for (const [path, value] of spec) compiler.entry(path, value);
  return compiler.finish();
}

/**
 * Compiles a find projection: inclusion, exclusion, computed fields, $slice and $elemMatch. The positional operator and
 * $meta are refused. The compiled function never changes its argument.
 */
export function compileProjection(
  projection: Doc,
  vars: ReadonlyMap<string, Value | undefined> = new Map(),
): (document: Doc) => Doc {
  return projection.size === 0 ? (document) => document : build(projection, true, vars);
}

/** Compiles the specification of a $project stage, where $slice is the expression of that name. */
export function compileProjectStage(spec: Doc, vars: ReadonlyMap<string, Value | undefined>): (document: Doc) => Doc {
  if (spec.size === 0)
    throw new MongoError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  return build(spec, false, vars);
}

/** Compiles the specification of $addFields / $set. */
export function compileAddFields(spec: Doc, vars: ReadonlyMap<string, Value | undefined>): (document: Doc) => Doc {
  const root = new ProjectionNode();
  const add = (path: string, value: Value): void => {
    if (isDoc(value) && value.size > 0 && ![...value.keys()][0]!.startsWith('$')) {
      for (const [name, inner] of value) add(`${path}.${name}`, inner);
    } else addComputed(root, path, compileExpression(value, vars));
  };
  for (const [path, value] of spec) add(path, value);
  return (document) => root.compute(new Map(document), document);
}

/** Compiles the paths of an $unset stage. */
export function compileUnset(paths: string[]): (document: Doc) => Doc {
  const root = new ProjectionNode();
  for (const path of paths) addLeaf(root, path);
  return (document) => root.exclude(document);
}
