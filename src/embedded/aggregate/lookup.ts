import { MongoError, mongoError } from '../errors';
import { compileMatcher } from '../match';
import { valuesAtPath } from '../values/paths';
import { doc, isDoc, typeName, Undefined, type Doc, type Value } from '../values/value';
import { compileExpression } from './expression';
import { setPath } from './set-path';
import type { Compile, FindOptions, Pipeline, Stage, StageSource, Variables } from './pipeline';

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
  filter.set(path, doc({ $eq: value, $not: notArray }));
  return filter;
}

/** Takes from an `$expr` the equalities that a plain filter can express. */
function splitExpression(expression: Value, vars: Variables, into: Pushed): void {
  if (isDoc(expression) && expression.size === 1) {
    const and = expression.get('$and');
    if (Array.isArray(and)) {
      for (const part of and) splitExpression(part, vars, into);
      return;
    }
    const eq = expression.get('$eq');
    if (Array.isArray(eq) && eq.length === 2) {
      const [a, b] = eq as [Value, Value];
      const [path, variable] = isPath(a) ? [a, b] : [b, a];
      if (isPath(path) && isVariable(variable, vars)) {
        const filter = exactEquality(path.slice(1), compileExpression(variable, vars)(new Map()));
        if (filter) {
          into.filters.push(filter);
          return;
        }
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
    } else if (mentionsExpr(value) && name.startsWith('$')) into.recheck.push(new Map([[name, value]]));
    else plain.set(name, value);
  }
  if (plain.size > 0) into.filters.push(plain);
}

function mentionsExpr(v: Value): boolean {
  if (Array.isArray(v)) return v.some(mentionsExpr);
  return isDoc(v) && (v.has('$expr') || [...v.values()].some(mentionsExpr));
}

/** One filter that says what all of several say. */
export function conjunction(filters: Doc[]): Doc {
  const merged: Doc = new Map();
  for (const filter of filters) {
    for (const [name, value] of filter) {
      if (merged.has(name)) return doc({ $and: filters });
      merged.set(name, value);
    }
  }
  return merged;
}

function* limited(documents: Iterable<Doc>, skip: number, limit: number | undefined): Iterable<Doc> {
  let seen = 0;
  if (limit === 0) return;
  for (const document of documents) {
    if (seen++ < skip) continue;
    yield document;
    if (limit !== undefined && seen - skip >= limit) return;
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
  const options: FindOptions = sort ? { sort } : {};
  if (pipeline.fields)
    options.fields = join ? new Set(pipeline.fields).add(join.field.split('.')[0]!) : pipeline.fields;
  const filter = conjunction(pushed.filters);
  if (pushed.recheck.length === 0) {
    if (skip !== undefined) options.skip = skip;
    if (limit !== undefined) options.limit = limit;
    return pipeline.run(source.find(collection, filter, options), source);
  }
  const { matches } = compileMatcher(conjunction(pushed.recheck), vars);
  const found = filtered(source.find(collection, filter, options), matches);
  return pipeline.run(limited(found, skip ?? 0, limit), source);
}

function text(spec: Doc, name: string): string {
  const v = spec.get(name);
  if (typeof v !== 'string')
    throw mongoError(
      'FailedToParse',
      `$lookup argument '${name}' must be a string, found ${v === undefined ? 'missing' : typeName(v)}`,
    );
  return v;
}

/** The filter that joins by equality of two fields: arrays join by their elements, missing joins with null. */
function joinFilter(document: Doc, localField: string, foreignField: string): Doc {
  const values = valuesAtPath(document, localField).filter((v) => !(v instanceof Undefined));
  if (values.length === 0) values.push(null);
  if (values.length === 1) return new Map([[foreignField, doc({ $eq: values[0] })]]);
  return doc({ $or: values.map((value) => new Map([[foreignField, doc({ $eq: value })]])) });
}

/** Compiles $lookup, by two fields, by a pipeline with variables, or both. */
export function compileLookup(spec: Value, vars: Variables, compile: Compile): Stage {
  if (!isDoc(spec)) throw mongoError('FailedToParse', 'the $lookup specification must be an Object');
  for (const name of spec.keys()) {
    if (!['from', 'as', 'localField', 'foreignField', 'let', 'pipeline'].includes(name))
      throw mongoError('FailedToParse', `unknown argument to $lookup: ${name}`);
  }
  const as = text(spec, 'as');
  const from = text(spec, 'from');
  const byFields = spec.has('localField') || spec.has('foreignField');
  if (byFields && !(spec.has('localField') && spec.has('foreignField')))
    throw mongoError(
      'FailedToParse',
      '$lookup requires both or neither of "localField" and "foreignField" to be specified',
    );
  if (!byFields && !spec.has('pipeline'))
    throw mongoError(
      'FailedToParse',
      '$lookup requires either "pipeline" or both "localField" and "foreignField" to be specified',
    );
  const [localField, foreignField] = byFields ? [text(spec, 'localField'), text(spec, 'foreignField')] : ['', ''];
  const stages = spec.get('pipeline') ?? [];
  if (!Array.isArray(stages)) throw mongoError('TypeMismatch', "'pipeline' option must be specified as an array");
  const lets = spec.get('let') ?? new Map<string, Value>();
  if (!isDoc(lets))
    throw mongoError('FailedToParse', `$lookup argument 'let' must be an object, is type ${typeName(lets)}`);
  const bindings = [...lets].map(([name, value]) => {
    if (!/^[a-z]\w*$/.test(name)) throw new MongoError(16867, `'${name}' is not a valid name of a variable`);
    return { name, value: compileExpression(value, vars) };
  });
  // Compiled once with the names alone, so that errors come even when no document does.
  const placeholders = new Map<string, Value | undefined>(vars);
  for (const { name } of bindings) placeholders.set(name, undefined);
  const fixed = compile(stages, placeholders);

  return function* lookup(input, source) {
    for (const document of input) {
      let pipeline = fixed;
      let bound: Variables = vars;
      if (bindings.length > 0) {
        const values = new Map<string, Value | undefined>(vars);
        for (const { name, value } of bindings) values.set(name, value(document));
        bound = values;
        pipeline = compile(stages, bound);
      }
      const join = byFields
        ? { filter: joinFilter(document, localField, foreignField), field: foreignField }
        : undefined;
      yield setPath(document, as, [...readThrough(from, pipeline, join, bound, source)]);
    }
  };
}

/** Compiles $unionWith: a collection's name, or {coll, pipeline}. */
export function compileUnionWith(spec: Value, vars: Variables, compile: Compile): Stage {
  let collection: Value | undefined = spec;
  let stages: Value = [];
  if (isDoc(spec)) {
    for (const name of spec.keys())
      if (name !== 'coll' && name !== 'pipeline')
        throw new MongoError(40415, `BSON field '$unionWith.${name}' is an unknown field.`);
    collection = spec.get('coll');
    stages = spec.get('pipeline') ?? [];
  }
  if (typeof collection !== 'string')
    throw mongoError(
      'FailedToParse',
      'the $unionWith stage specification must be an object or string with the name of a collection',
    );
  if (!Array.isArray(stages)) throw mongoError('TypeMismatch', "'pipeline' option must be specified as an array");
  const pipeline = compile(stages, vars);
  const name = collection;
  return function* unionWith(input, source) {
    yield* input;
    yield* readThrough(name, pipeline, undefined, vars, source);
  };
}
