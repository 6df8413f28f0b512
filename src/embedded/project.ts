import { compileExpression } from './aggregate/expression';
import { fieldPath } from './aggregate/field-path';
import { toBoolean } from './aggregate/coerce';
import type { Expression, Variables } from './aggregate/scope';
import { ensure, MongoError } from './errors';
import { compileElementCondition, compileMatcher, isOperatorDocument } from './match';
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
      const kept = this.leaves.has(name) ? value : this.children.get(name)?.includeIn(value);
      if (kept !== undefined) result.set(name, kept);
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
    for (const [name, value] of document)
      if (!this.leaves.has(name)) result.set(name, this.children.get(name)?.excludeIn(value) ?? value);
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

  /** Adds a field at a path: as a whole, or computed by an expression. */
  add(path: string, expression?: Expression): void {
    const parts = fieldPath(path);
    const last = parts.pop()!;
    const collision = (): MongoError => new MongoError(31250, `Path collision at ${path}`);
    const child = (node: ProjectionNode, part: string): ProjectionNode => {
      const item = node.computed.get(part);
      if (node.leaves.has(part) || (item !== undefined && !(item instanceof ProjectionNode))) throw collision();
      const next = node.children.get(part) ?? new ProjectionNode();
      node.children.set(part, next);
      if (expression) node.computed.set(part, next);
      return next;
    };
    const { leaves, children, computed } = parts.reduce<ProjectionNode>(child, this);
    if (leaves.has(last) || children.has(last) || computed.has(last)) throw collision();
    if (expression) computed.set(last, expression);
    else leaves.add(last);
  }

  /** Takes a whole field out again. */
  removeLeaf(path: string): void {
    const [first, ...rest] = path.split('.');
    if (rest.length === 0) this.leaves.delete(first!);
    else this.children.get(first!)!.removeLeaf(rest.join('.'));
  }
}

type Step = (result: Doc, source: Doc) => Doc;

/** What `$slice: n` and `$slice: [skip, limit]` take of an array. */
function slicer(argument: Value): (array: Value[]) => Value[] {
  const bounds = (Array.isArray(argument) ? argument : [argument]).map((n) => Math.trunc(asNumber(n) ?? NaN));
  const [skip, limit] = bounds as [number, number];
  ensure(!bounds.some(Number.isNaN), 28724, '$slice only supports numbers and [skip, limit] arrays');
  if (!Array.isArray(argument)) return (array) => (skip < 0 ? array.slice(skip) : array.slice(0, skip));
  ensure(bounds.length === 2, 28667, 'Expression $slice takes 2 arguments here: [skip, limit]');
  ensure(limit > 0, 28729, '$slice limit must be positive');
  return (array) => {
    const start = skip < 0 ? Math.max(0, array.length + skip) : skip;
    return array.slice(start, start + limit);
  };
}

function sliceAt(value: Value, [first, ...rest]: string[], slice: (array: Value[]) => Value[]): Value {
  if (first === undefined) return Array.isArray(value) ? slice(value) : value;
  if (Array.isArray(value))
    return value.map((element) => (element instanceof Map ? sliceAt(element, [first, ...rest], slice) : element));
  const inner = value instanceof Map ? value.get(first) : undefined;
  return inner === undefined ? value : new Map(value as Doc).set(first, sliceAt(inner, rest, slice));
}

function elemMatchStep(path: string, condition: Value): Step {
  ensure(!path.includes('.'), 31255, 'Cannot use $elemMatch projection on a nested field');
  ensure(isDoc(condition), 31274, 'elemMatch: Invalid argument, object required');
  compileMatcher(new Map([[path, new Map([['$elemMatch', condition]])]]));
  const test = compileElementCondition(condition);
  return (result, source) => {
    const array = source.get(path);
    result.delete(path);
    const found = Array.isArray(array) ? array.find((element) => test(element)) : undefined;
    return found === undefined ? result : result.set(path, [found]);
  };
}

/** Takes in a specification entry by entry: each bears on whether the projection includes or excludes. */
class Compiler {
  private readonly root = new ProjectionNode();
  private readonly steps: Step[] = [];
  private kind: 'inclusion' | 'exclusion' | undefined;
  private idKept: boolean | undefined;
  /** Paths of $slice: kept by an inclusion and, unlike other leaves, by an exclusion too. */
  private readonly slicedPaths: string[] = [];

  constructor(
    private readonly forFind: boolean,
    private readonly vars: Variables,
  ) {}

  private decide(kind: 'inclusion' | 'exclusion', path: string, code = kind === 'exclusion' ? 31254 : 31253): void {
    const agrees = this.kind === undefined || this.kind === kind;
    ensure(agrees, code, `Cannot do ${kind} on field ${path} in ${this.kind} projection`);
    this.kind = kind;
  }

  /** The operators of find's projections; false for all others. */
  private special(path: string, operator: string, argument: Value): boolean {
    ensure(operator !== '$meta', 'BadValue', '$meta is not supported by the embedded database');
    if (!this.forFind) return false;
    if (operator === '$slice' && !(Array.isArray(argument) && !argument.every(isNumeric))) {
      const slice = slicer(argument);
      this.root.add(path);
      this.slicedPaths.push(path);
      this.steps.push((result) => sliceAt(result, path.split('.'), slice) as Doc);
      return true;
    }
    if (operator !== '$elemMatch') return false;
    this.decide('inclusion', path);
    this.steps.push(elemMatchStep(path, argument));
    return true;
  }

  entry(path: string, value: Value): void {
    const positional = path.endsWith('.$') || path.includes('.$.');
    ensure(!positional, 31276, `the positional projection '${path}' is not supported by the embedded database`);
    if (typeof value === 'boolean' || isNumeric(value)) {
      if (path === '_id') {
        ensure(this.idKept === undefined, 31250, 'Path collision at _id');
        this.idKept = toBoolean(value);
      } else {
        this.decide(toBoolean(value) ? 'inclusion' : 'exclusion', path);
        this.root.add(path);
      }
      return;
    }
    const [first] = isDoc(value) ? [...value] : [];
    if (isDoc(value) && !(value.size === 1 && isOperatorDocument(value))) {
      ensure(first, 51270, `An empty sub-projection is not a valid value. Found empty object at path '${path}'`);
      for (const [name, inner] of value) {
        ensure(!name.startsWith('$'), 16410, `an expression must be alone in its specification: '${path}'`);
        this.entry(`${path}.${name}`, inner);
      }
    } else if (!isDoc(value) || !this.special(path, first![0], first![1])) {
      this.decide('inclusion', path, 31252);
      this.root.add(path, compileExpression(value, this.vars));
      if (path === '_id') this.idKept = false;
    }
  }

  finish(): (document: Doc) => Doc {
    const { root, steps, slicedPaths, idKept } = this;
    const inclusion = (this.kind ?? (idKept === true && slicedPaths.length === 0 ? 'inclusion' : '')) === 'inclusion';
    if (!inclusion) for (const path of slicedPaths) root.removeLeaf(path);
    const idNamed = root.children.has('_id') || root.computed.has('_id');
    if (!idNamed && (inclusion ? idKept !== false : idKept === false)) root.leaves.add('_id');
    const compute = root.computed.size > 0;
    return (document) => {
      let result = inclusion ? root.include(document) : root.exclude(document);
      if (compute) result = root.compute(result, document);
      for (const step of steps) result = step(result, document);
      return result;
    };
  }
}

function build(spec: Doc, forFind: boolean, vars: Variables): (document: Doc) => Doc {
  const compiler = new Compiler(forFind, vars);
  for (const [path, value] of spec) compiler.entry(path, value);
  return compiler.finish();
}

/**
 * Compiles a find projection: inclusion, exclusion, computed fields, $slice and $elemMatch. The positional operator and
 * $meta are refused. The compiled function never changes its argument.
 */
export function compileProjection(projection: Doc): (document: Doc) => Doc {
  return projection.size === 0 ? (document) => document : build(projection, true, new Map());
}

/** Compiles the specification of a $project stage, where $slice is the expression of that name. */
export function compileProjectStage(spec: Doc, vars: Variables): (document: Doc) => Doc {
  ensure(spec.size > 0, 51272, 'Invalid $project: the specification must have at least one field');
  return build(spec, false, vars);
}

/** Compiles the specification of $addFields / $set. */
export function compileAddFields(spec: Doc, vars: Variables): (document: Doc) => Doc {
  const root = new ProjectionNode();
  const add = (path: string, value: Value): void => {
    if (isDoc(value) && value.size > 0 && !isOperatorDocument(value)) {
      for (const [name, inner] of value as Doc) add(`${path}.${name}`, inner);
    } else root.add(path, compileExpression(value, vars));
  };
  for (const [path, value] of spec) add(path, value);
  return (document) => root.compute(new Map(document), document);
}

/** Compiles the paths of an $unset stage. */
export function compileUnset(paths: string[]): (document: Doc) => Doc {
  const root = new ProjectionNode();
  for (const path of paths) root.add(path);
  return (document) => root.exclude(document);
}
