import { MongoError, mongoError } from '../errors';
import { compileMatcher } from '../match';
import { compileAddFields, compileProjectStage, compileUnset, fieldPath } from '../project';
import { compileSorter } from '../sort';
import { compare } from '../values/compare';
import { asNumber, doc, int, isDoc, isNumeric, typeName, type Doc, type Value } from '../values/value';
import { countValue } from './accumulators';
import { nullish } from './coerce';
import { compileExpression } from './expression';
import { pathValue } from './field-path';
import { compileGroup } from './group';
import { compileLookup, compileUnionWith } from './lookup';
import type { Compile, Stage, Variables } from './pipeline';
import { removePath, setPath } from './set-path';

type Compiler = (spec: Value, vars: Variables, compile: Compile) => Stage;

function object(name: string, spec: Value, code: number): Doc {
  if (!isDoc(spec)) throw new MongoError(code, `the ${name} specification must be an object, but is ${typeName(spec)}`);
  return spec;
}

function eachDocument(transform: (document: Doc) => Doc): Stage {
  return function* each(input) {
    for (const document of input) yield transform(document);
  };
}

/** The number of a $limit or $skip stage. */
export function stageNumber(name: '$limit' | '$skip', spec: Value): number {
  const n = isNumeric(spec) ? asNumber(spec)! : undefined;
  if (n === undefined || !Number.isInteger(n))
    throw new MongoError(
      name === '$limit' ? 15957 : 15956,
      `the argument to ${name} must be a whole number, found ${typeName(spec)}`,
    );
  if (name === '$limit' && n <= 0) throw new MongoError(15958, 'the limit must be positive');
  if (n < 0) throw new MongoError(15956, 'Argument to $skip cannot be negative');
  return n;
}

const match: Compiler = (spec, vars) => {
  const { matches } = compileMatcher(object('$match', spec, 15959), vars);
  return function* matching(input) {
    for (const document of input) if (matches(document)) yield document;
  };
};

/** Compiles $sort; with `limit`, for a $limit right behind it, only that many are kept. */
export function compileSortStage(spec: Value, limit?: number): Stage {
  const fields = object('$sort', spec, 15973);
  if (fields.size === 0) throw new MongoError(15976, '$sort stage must have at least one sort key');
  const sorter = compileSorter(fields);
  return (input) => sorter.sort(input, limit);
}

const skip: Compiler = (spec) => {
  const n = stageNumber('$skip', spec);
  return function* skipping(input) {
    let seen = 0;
    for (const document of input) if (seen++ >= n) yield document;
  };
};

const limit: Compiler = (spec) => {
  const n = stageNumber('$limit', spec);
  return function* limiting(input) {
    let seen = 0;
    for (const document of input) {
      yield document;
      if (++seen >= n) return;
    }
  };
};

const unset: Compiler = (spec) => {
  const paths = Array.isArray(spec) ? spec : [spec];
  if (paths.length === 0) throw new MongoError(31119, '$unset specification must be a non-empty array of strings');
  return eachDocument(
    compileUnset(
      paths.map((path) => {
        if (typeof path !== 'string')
          throw new MongoError(31002, '$unset specification must be a string or an array of strings');
        return path;
      }),
    ),
  );
};

const count: Compiler = (spec) => {
  if (typeof spec !== 'string') throw new MongoError(40156, 'the count field must be a non-empty string');
  if (spec === '') throw new MongoError(40157, 'the count field must be a non-empty string');
  if (spec.startsWith('$')) throw new MongoError(40158, 'the count field cannot be a $-prefixed path');
  if (spec.includes('.')) throw new MongoError(40160, "the count field cannot contain '.'");
  return function* counting(input) {
    const documents = input[Symbol.iterator]();
    let n = 0;
    while (!documents.next().done) n++;
    if (n > 0) yield new Map([[spec, countValue(n)]]);
  };
};

const unwind: Compiler = (spec) => {
  const options = isDoc(spec) ? spec : doc({ path: spec });
  for (const name of options.keys()) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(name))
      throw new MongoError(28811, `unrecognized option to $unwind stage: ${name}`);
  }
  const given = options.get('path');
  if (given === undefined) throw new MongoError(28812, 'no path specified to $unwind stage');
  if (typeof given !== 'string')
    throw new MongoError(28808, `expected a string as the path for $unwind stage, got ${typeName(given)}`);
  if (!given.startsWith('$'))
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${given}`);
  const path = given.slice(1);
  const parts = fieldPath(path);
  const preserve = options.get('preserveNullAndEmptyArrays') ?? false;
  if (typeof preserve !== 'boolean')
    throw new MongoError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  const index = options.get('includeArrayIndex');
  if (index !== undefined && (typeof index !== 'string' || index === ''))
    throw new MongoError(28810, 'expected a non-empty string for the includeArrayIndex option to $unwind stage');
  if (index?.startsWith('$'))
    throw new MongoError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`,
    );
  const withIndex = (document: Doc, n: Value): Doc => (index === undefined ? document : setPath(document, index, n));
  return function* unwinding(input) {
    for (const document of input) {
      const value = parts.slice(0, -1).every((_, i) => !Array.isArray(pathValue(document, parts.slice(0, i + 1))))
        ? pathValue(document, parts)
        : undefined;
      if (Array.isArray(value)) {
        if (value.length === 0 && preserve) yield withIndex(removePath(document, path), null);
        for (let i = 0; i < value.length; i++) yield withIndex(setPath(document, path, value[i]!), BigInt(i));
      } else if (!nullish(value) || preserve) yield withIndex(document, null);
    }
  };
};

function replaceWith(name: string, expression: Value, vars: Variables): Stage {
  const root = compileExpression(expression, vars);
  return eachDocument((document) => {
    const value = root(document);
    if (!isDoc(value))
      throw new MongoError(
        40228,
        `'${name}' expression must evaluate to an object, but resulting value was of type ${value === undefined ? 'missing' : typeName(value)}`,
      );
    return value;
  });
}

const replaceRoot: Compiler = (spec, vars) => {
  const fields = object('$replaceRoot', spec, 40229);
  for (const name of fields.keys())
    if (name !== 'newRoot') throw new MongoError(40415, `BSON field '$replaceRoot.${name}' is an unknown field.`);
  if (!fields.has('newRoot'))
    throw new MongoError(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
  return replaceWith('newRoot', fields.get('newRoot')!, vars);
};

const facet: Compiler = (spec, vars, compile) => {
  const fields = object('$facet', spec, 40169);
  if (fields.size === 0) throw new MongoError(40169, 'the $facet specification must be a non-empty object');
  const facets = [...fields].map(([name, stages]) => {
    if (name.startsWith('$') || name.includes('.')) throw new MongoError(16410, `a facet's name may not be '${name}'`);
    if (!Array.isArray(stages))
      throw new MongoError(40170, `arguments to $facet must be arrays, ${name} is type ${typeName(stages)}`);
    for (const stage of stages)
      if (isDoc(stage) && stage.has('$facet'))
        throw new MongoError(40600, '$facet is not allowed to be used within a $facet stage');
    return { name, run: stages.map((stage) => compileStage(stage, vars, compile)) };
  });
  return function* faceting(input, source) {
    const documents = [...input];
    const result: Doc = new Map();
    for (const { name, run } of facets)
      result.set(name, [...run.reduce<Iterable<Doc>>((from, stage) => stage(from, source), documents)]);
    yield result;
  };
};

const sample: Compiler = (spec) => {
  const fields = object('$sample', spec, 28745);
  for (const name of fields.keys())
    if (name !== 'size') throw new MongoError(28748, `unrecognized option to $sample: ${name}`);
  const size = asNumber(fields.get('size'));
  if (size === undefined) throw new MongoError(28746, 'size argument to $sample must be a number');
  if (size < 0) throw new MongoError(28747, 'size argument to $sample must not be negative');
  return (input) => {
    const documents = [...input];
    const chosen: Doc[] = [];
    while (chosen.length < Math.trunc(size) && documents.length > 0) {
      const i = Math.floor(Math.random() * documents.length);
      chosen.push(documents[i]!);
      documents[i] = documents.at(-1)!;
      documents.pop();
    }
    return chosen;
  };
};

const sortByCount: Compiler = (spec, vars) => {
  const isExpression =
    typeof spec === 'string' ? spec.startsWith('$') : isDoc(spec) && [...spec.keys()][0]?.startsWith('$');
  if (!isExpression)
    throw new MongoError(40147, 'the sortByCount field must be specified as a $-prefixed path or an expression');
  const group = compileGroup(doc({ _id: spec, count: doc({ $sum: int(1) }) }), vars);
  const sort = compileSortStage(doc({ count: int(-1) }));
  return (input, source) => sort(group(input), source);
};

const bucket: Compiler = (spec, vars) => {
  const fields = object('$bucket', spec, 40201);
  for (const name of fields.keys()) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(name))
      throw new MongoError(40197, `Unrecognized option to $bucket: ${name}.`);
  }
  const groupBy = fields.get('groupBy');
  const boundaries = fields.get('boundaries');
  if (groupBy === undefined || boundaries === undefined)
    throw new MongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  if (!Array.isArray(boundaries))
    throw new MongoError(
      40200,
      `The $bucket 'boundaries' field must be an array, but found type: ${typeName(boundaries)}`,
    );
  if (boundaries.length < 2) throw new MongoError(40192, "The $bucket 'boundaries' field must have at least 2 values");
  for (let i = 1; i < boundaries.length; i++) {
    if (compare(boundaries[i - 1], boundaries[i]) >= 0)
      throw new MongoError(
        40194,
        "The 'boundaries' option to $bucket must be sorted in ascending order and without duplicates",
      );
  }
  const otherwise = fields.get('default');
  if (otherwise !== undefined && compare(otherwise, boundaries[0]) >= 0 && compare(otherwise, boundaries.at(-1)) < 0)
    throw new MongoError(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  const output = fields.get('output') ?? doc({ count: doc({ $sum: int(1) }) });
  const key = compileExpression(groupBy, vars);
  const outputs = object('$bucket output', output, 40196);
  const grouped = compileGroup(new Map<string, Value>([['_id', null], ...outputs]), vars);
  return function* bucketing(input) {
    const buckets = new Map<number, { id: Value; documents: Doc[] }>();
    for (const document of input) {
      const value = key(document);
      let at = boundaries.findIndex((boundary) => compare(value, boundary) < 0) - 1;
      if (at < 0) {
        if (otherwise === undefined)
          throw new MongoError(
            40066,
            '$switch could not find a matching branch for an input, and no default was specified.',
          );
        at = -1;
      }
      const found = buckets.get(at);
      if (found) found.documents.push(document);
      else buckets.set(at, { id: at < 0 ? otherwise! : boundaries[at]!, documents: [document] });
    }
    for (const { id, documents } of [...buckets.values()].sort((a, b) => compare(a.id, b.id)))
      for (const result of grouped(documents)) yield new Map(result).set('_id', id);
  };
};

/** The stages by name. */
export const STAGES = new Map<string, Compiler>([
  ['$match', match],
  ['$sort', (spec) => compileSortStage(spec)],
  ['$skip', skip],
  ['$limit', limit],
  ['$project', (spec, vars) => eachDocument(compileProjectStage(object('$project', spec, 15969), vars))],
  ['$addFields', (spec, vars) => eachDocument(compileAddFields(object('$addFields', spec, 40272), vars))],
  ['$set', (spec, vars) => eachDocument(compileAddFields(object('$set', spec, 40272), vars))],
  ['$unset', unset],
  ['$group', compileGroup],
  ['$lookup', compileLookup],
  ['$unionWith', compileUnionWith],
  ['$unwind', unwind],
  ['$facet', facet],
  ['$count', count],
  ['$sample', sample],
  ['$replaceRoot', replaceRoot],
  ['$replaceWith', (spec, vars) => replaceWith('replacement document', spec, vars)],
  ['$sortByCount', sortByCount],
  ['$bucket', bucket],
]);

/** Stages of MongoDB that exist and are not served. */
export const REFUSED_STAGES = new Set(
  (
    '$out $merge $bucketAuto $graphLookup $geoNear $redact $indexStats $collStats $planCacheStats $currentOp ' +
    '$listSessions $listLocalSessions $setWindowFields $densify $fill $documents $search $searchMeta ' +
    '$changeStreamSplitLargeEvent'
  ).split(' '),
);

/** Compiles one stage; throws 40324 for an unknown name and 115 for a stage that is refused. */
export function compileStage(stage: Value, vars: Variables, compile: Compile): Stage {
  if (!isDoc(stage)) throw mongoError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
  if (stage.size !== 1)
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  const [name, spec] = [...stage][0]!;
  const compiler = STAGES.get(name);
  if (compiler) return compiler(spec, vars, compile);
  if (REFUSED_STAGES.has(name))
    throw mongoError('CommandNotSupported', `${name} is not supported by the embedded database`);
  throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
}
