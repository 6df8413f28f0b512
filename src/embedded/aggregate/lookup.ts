import { ensure } from '../errors';
import { compileMatcher, conjunction } from '../match';
import { valuesAtPath } from '../values/paths';
import { doc, isDoc, Undefined, type Doc, type Value } from '../values/value';
import { compileExpression } from './expression';
import { fieldPath, setPath } from './field-path';
import type { Compile, Pipeline, Stage, StageSource } from './pipeline';
import { named, type Variables } from './scope';

/** What the filter on the other collection can say by itself, and what is left to check document by document. */
interface Pushed {
  filters: Doc[];
  recheck: Doc[];
}

/** `$$name` or `$$name.path` of a variable that the lookup defined. */
function isVariable(v: Value, vars: Variables): v is string {
  return typeof v === 'string' && v.startsWith('$$') && vars.has(v.slice(2).split('.')[0]!);
}

function isPath(v: Value): v is string {
  return typeof v === 'string' && /^\$[^$.][^$]*$/.test(v);
}

/**
 * The plain filter that says just what `{$expr: {$eq: [path, value]}}` says. An expression compares the value at the
 * path as a whole, while a filter also looks into arrays, so arrays on the path are excluded. Undefined where no filter
 * is exact: null and missing, which filters don't tell apart, and arrays.
 */
function exactEquality(path: string, value: Value | undefined): Doc | undefined {
  if (value == null || Array.isArray(value) || value instanceof Undefined) return undefined;
  const notArray = doc({ $type: 'array' });
  const filter: Doc = new Map();
  const parts = path.split('.');
  for (let i = 1; i < parts.length; i++) filter.set(parts.slice(0, i).join('.'), doc({ $not: notArray }));
  return filter.set(path, doc({ $eq: value, $not: notArray }));
}

/** Takes from an `$expr` the equalities that a plain filter can express. */
function splitExpression(expression: Value, vars: Variables, into: Pushed): void {
  const only = isDoc(expression) && expression.size === 1 ? expression : new Map<string, Value>();
  const [and, eq] = [only.get('$and'), only.get('$eq')];
  if (Array.isArray(and)) {
    for (const part of and) splitExpression(part, vars, into);
    return;
  }
  if (Array.isArray(eq) && eq.length === 2) {
    const [path, variable] = (isPath(eq[0]!) ? eq : [eq[1], eq[0]]) as [Value, Value];
    if (isPath(path) && isVariable(variable, vars)) {
      const filter = exactEquality(path.slice(1), compileExpression(variable, vars)(new Map()));
      if (filter) {
        into.filters.push(filter);
        return;
      }
    }
  }
  into.recheck.push(doc({ $expr: expression }));
}

/** Splits a filter with `$expr` in it into a plain filter and the rest. */
function split(filter: Doc, vars: Variables, into: Pushed): void {
  const plain: Doc = new Map();
  for (const [name, value] of filter) {
    if (name === '$expr') splitExpression(value, vars, into);
    else if (name === '$and' && Array.isArray(value) && value.every(isDoc)) {
      for (const part of value) split(part, vars, into);
    } else if (name.startsWith('$') && mentionsExpr(value)) into.recheck.push(new Map([[name, value]]));
    else plain.set(name, value);
  }
  if (plain.size > 0) into.filters.push(plain);
}

function mentionsExpr(v: Value): boolean {
  if (Array.isArray(v)) return v.some(mentionsExpr);
  return isDoc(v) && (v.has('$expr') || [...v.values()].some(mentionsExpr));
}

function* limited(documents: Iterable<Doc>, skip: number, limit = Infinity): Iterable<Doc> {
  let seen = 0;
  for (const document of documents) {
    if (seen++ >= skip) yield document;
    if (seen - skip >= limit) return;
  }
}

function* filtered(documents: Iterable<Doc>, matches: (document: Doc) => boolean): Iterable<Doc> {
  for (const document of documents) if (matches(document)) yield document;
}

/** A join's filter and the field that it is on. */
interface Join {
  filter: Doc;
  field: string;
}

/** Reads another collection through a pipeline, leaving to the source what it can do with an index. */
function readThrough(
  collection: string,
  pipeline: Pipeline,
  join: Join | undefined,
  vars: Variables,
  source: StageSource,
): Iterable<Doc> {
  const { match, sort, skip, limit } = pipeline.leading;
  const pushed: Pushed = { filters: join ? [join.filter] : [], recheck: [] };
  if (match) split(match, vars, pushed);
  const fields = join && pipeline.fields ? new Set([...pipeline.fields, join.field.split('.')[0]!]) : pipeline.fields;
  const filter = conjunction(pushed.filters);
  if (pushed.recheck.length === 0)
    return pipeline.run(source.find(collection, filter, { sort, skip, limit, fields }), source);
  const { matches } = compileMatcher(conjunction(pushed.recheck), vars);
  const found = filtered(source.find(collection, filter, { sort, fields }), matches);
  return pipeline.run(limited(found, skip ?? 0, limit), source);
}

/** The filter that joins by equality of two fields: arrays join by their elements, missing joins with null. */
function joinFilter(document: Doc, localField: string, foreignField: string): Doc {
  const values = valuesAtPath(document, localField).filter((v) => !(v instanceof Undefined));
  if (values.length === 0) values.push(null);
  const filters = values.map((value): Doc => new Map([[foreignField, doc({ $eq: value })]]));
  return filters.length === 1 ? filters[0]! : doc({ $or: filters });
}

/** Compiles $lookup, by two fields, by a pipeline with variables, or both. */
export function compileLookup(argument: Value, vars: Variables, compile: Compile): Stage {
  const spec = named('$lookup', argument, ['from', 'as'], ['localField', 'foreignField', 'let', 'pipeline']);
  const text = (name: string): string => {
    const v = spec.get(name) ?? '';
    ensure(typeof v === 'string', 'FailedToParse', `$lookup argument '${name}' must be a string`);
    return v;
  };
  const [from, as, localField, foreignField] = [
    text('from'),
    fieldPath(text('as')),
    text('localField'),
    text('foreignField'),
  ];
  const byFields = spec.has('localField') && spec.has('foreignField');
  const complete = byFields || (spec.has('pipeline') && !spec.has('localField') && !spec.has('foreignField'));
  ensure(complete, 'FailedToParse', '$lookup requires both "localField" and "foreignField", or a "pipeline"');
  const stages = spec.get('pipeline') ?? [];
  ensure(Array.isArray(stages), 'TypeMismatch', "'pipeline' option must be specified as an array");
  const lets = spec.get('let') ?? new Map<string, Value>();
  ensure(isDoc(lets), 'FailedToParse', "$lookup argument 'let' must be an object");
  const bindings = [...lets].map(([name, value]) => {
    ensure(/^[a-z]\w*$/.test(name), 16867, `'${name}' is not a valid name of a variable`);
    return { name, value: compileExpression(value, vars) };
  });
  const bind = (document?: Doc): Variables => {
    const values = bindings.map(({ name, value }): [string, Value | undefined] => [name, document && value(document)]);
    return new Map([...vars, ...values]);
  };
  // Compiled once with the names alone, so that errors come even when no document does.
  const fixed = compile(stages, bind());

  return function* lookup(input, source) {
    for (const document of input) {
      const bound = bindings.length > 0 ? bind(document) : vars;
      const pipeline = bindings.length > 0 ? compile(stages, bound) : fixed;
      const join = byFields
        ? { filter: joinFilter(document, localField, foreignField), field: foreignField }
        : undefined;
      yield setPath(document, as, [...readThrough(from, pipeline, join, bound, source)]);
    }
  };
}

/** Compiles $unionWith: a collection's name, or {coll, pipeline}. */
export function compileUnionWith(argument: Value, vars: Variables, compile: Compile): Stage {
  const spec = named('$unionWith', isDoc(argument) ? argument : doc({ coll: argument }), ['coll'], ['pipeline']);
  const [name, stages = []] = [spec.get('coll'), spec.get('pipeline')];
  ensure(typeof name === 'string', 'FailedToParse', 'the $unionWith stage must name a collection');
  ensure(Array.isArray(stages), 'TypeMismatch', "'pipeline' option must be specified as an array");
  const pipeline = compile(stages, vars);
  return function* unionWith(input, source) {
    yield* input;
    yield* readThrough(name, pipeline, undefined, vars, source);
  };
}
