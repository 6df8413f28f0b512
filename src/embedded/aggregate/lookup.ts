import { ensure } from '../errors';
import { conjunction, isOperatorDocument } from '../match';
import { valuesAtPath } from '../values/paths';
import { BSONRegExp, doc, isDoc, type Doc, type Value } from '../values/value';
import { compileExpression, type Variables } from './expression';
import { fieldPath, setPath } from './field-path';
import { named } from './operators';
import type { Compile, Pipeline, Stage, StageSource } from './pipeline';

/** Reads another collection through a pipeline, leaving to the source what it can do with an index. */
function readThrough(collection: string, pipeline: Pipeline, source: StageSource, join?: Doc): Iterable<Doc> {
  const { leading, fields } = pipeline;
  const filter = join ? conjunction([join, leading.filter]) : leading.filter;
  return pipeline.run(source.find(collection, { ...leading, filter }, fields), source);
}

/** The filter of a join by equality of two fields: arrays join by their elements, missing joins with null. */
function joinOf(document: Doc, localField: string, field: string): Doc {
  const values = valuesAtPath(document, localField);
  if (values.length === 0) values.push(null);
  const equalTo = (condition: Doc): Doc => new Map([[field, condition]]);
  const [first, ...more] = values.map((v) => equalTo(doc({ $eq: v })));
  if (more.length === 0) return first!;
  // In a list these would not stand for themselves.
  const special = values.some((v) => v instanceof BSONRegExp || isOperatorDocument(v));
  return special ? doc({ $or: [first!, ...more] }) : equalTo(doc({ $in: values }));
}

function textOf(spec: Doc, name: string): string {
  const v = spec.get(name) ?? '';
  ensure(typeof v === 'string', 'FailedToParse', `$lookup argument '${name}' must be a string`);
  return v;
}

/** Compiles $lookup, by two fields, by a pipeline with variables, or both. */
export function compileLookup(argument: Value, vars: Variables, compile: Compile): Stage {
  const spec = named('$lookup', argument, ['from', 'as'], ['localField', 'foreignField', 'let', 'pipeline']);
  const [from, as] = [textOf(spec, 'from'), fieldPath(textOf(spec, 'as'))];
  const [localField, foreignField] = [textOf(spec, 'localField'), textOf(spec, 'foreignField')];
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
  // Compiled once, so that errors come even when no document does; the values are those of the document at hand.
  const scope = new Map<string, Value | undefined>([
    ...vars,
    ...bindings.map(({ name }) => [name, undefined] as const),
  ]);
  const pipeline = compile(stages, scope);
  return function* lookup(input, source) {
    for (const document of input) {
      for (const [name, value] of vars) scope.set(name, value);
      for (const { name, value } of bindings) scope.set(name, value(document));
      const join = byFields ? joinOf(document, localField, foreignField) : undefined;
      yield setPath(document, as, [...readThrough(from, pipeline, source, join)]);
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
    yield* readThrough(name, pipeline, source);
  };
}
