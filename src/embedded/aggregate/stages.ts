import { ensure, MongoError, mongoError } from '../errors';
import { compileMatcher } from '../match';
import { compileAddFields, compileProjection, compileUnset } from '../project';
import { compileSorter } from '../sort';
import { asNumber, countValue, doc, isDoc, typeName, type Doc, type Value } from '../values/value';
import { nullish } from './coerce';
import { compileExpression, type Variables } from './expression';
import { fieldPath, pathValue, setPath } from './field-path';
import { compileGroup } from './group';
import { compileLookup, compileUnionWith } from './lookup';
import { named } from './operators';
import type { Compile, Stage } from './pipeline';

type Compiler = (spec: Value, vars: Variables, compile: Compile) => Stage;

function object(name: string, spec: Value, code: number): Doc {
  ensure(isDoc(spec), code, `the ${name} specification must be an object, but is ${typeName(spec)}`);
  return spec;
}

function eachDocument(transform: (document: Doc) => Doc): Stage {
  return function* each(input) {
    for (const document of input) yield transform(document);
  };
}

/** The number of a $limit or $skip stage. */
export function stageNumber(name: '$limit' | '$skip', spec: Value): number {
  const n = asNumber(spec) ?? NaN;
  ensure(Number.isInteger(n), name === '$limit' ? 15957 : 15956, `the argument to ${name} must be a whole number`);
  ensure(name === '$skip' || n > 0, 15958, 'the limit must be positive');
  ensure(n >= 0, 15956, 'Argument to $skip cannot be negative');
  return n;
}

const match: Compiler = (spec, vars) => {
  const matches = compileMatcher(object('$match', spec, 15959), vars);
  return function* matching(input) {
    for (const document of input) if (matches(document)) yield document;
  };
};

/** Compiles $sort; with `limit`, for a $limit right behind it, only that many are kept. */
export function compileSortStage(spec: Value, limit?: number): Stage {
  const fields = object('$sort', spec, 15973);
  ensure(fields.size > 0, 15976, '$sort stage must have at least one sort key');
  const sorter = compileSorter(fields);
  return (input) => sorter.sort(input, (document) => document, limit);
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

const project: Compiler = (spec, vars) => {
  const fields = object('$project', spec, 15969);
  ensure(fields.size > 0, 51272, 'Invalid $project: the specification must have at least one field');
  return eachDocument(compileProjection(fields, vars));
};

const unset: Compiler = (spec) => {
  const paths = Array.isArray(spec) ? spec : [spec];
  ensure(paths.length > 0, 31119, '$unset specification must be a non-empty array of strings');
  const texts = paths.every((path) => typeof path === 'string');
  ensure(texts, 31002, '$unset specification must be a string or an array of strings');
  return eachDocument(compileUnset(paths));
};

const count: Compiler = (spec) => {
  ensure(typeof spec === 'string', 40156, 'the count field must be a non-empty string');
  ensure(spec !== '', 40157, 'the count field must be a non-empty string');
  ensure(!spec.startsWith('$'), 40158, 'the count field cannot be a $-prefixed path');
  ensure(!spec.includes('.'), 40160, "the count field cannot contain '.'");
  return function* counting(input) {
    const documents = input[Symbol.iterator]();
    let n = 0;
    while (!documents.next().done) n++;
    if (n > 0) yield new Map([[spec, countValue(n)]]);
  };
};

const unwind: Compiler = (spec) => {
  const options = isDoc(spec) ? spec : doc({ path: spec });
  const known = ['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'];
  const bad = [...options.keys()].find((name) => !known.includes(name));
  ensure(!bad, 28811, `unrecognized option to $unwind stage: ${bad}`);
  const [path, preserve = false] = [options.get('path'), options.get('preserveNullAndEmptyArrays')];
  ensure(path !== undefined, 28812, 'no path specified to $unwind stage');
  ensure(typeof path === 'string', 28808, 'expected a string as the path for $unwind stage');
  ensure(path.startsWith('$'), 28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  ensure(typeof preserve === 'boolean', 28809, 'preserveNullAndEmptyArrays of $unwind must be a boolean');
  const index = options.get('includeArrayIndex');
  const usable = index === undefined || (typeof index === 'string' && /^[^$]/.test(index));
  ensure(usable, 28810, 'includeArrayIndex of $unwind must be the name of a field');
  const numbered = (document: Doc, n: Value): Doc =>
    index === undefined ? document : setPath(document, index.split('.'), n);
  const parts = fieldPath(path.slice(1));
  const remove = compileUnset([path.slice(1)]);
  return function* unwinding(input) {
    for (const document of input) {
      const holders = parts.slice(0, -1).map((_, i) => pathValue(document, parts.slice(0, i + 1)));
      const value = holders.some(Array.isArray) ? undefined : pathValue(document, parts);
      if (Array.isArray(value)) {
        if (value.length === 0 && preserve) yield numbered(remove(document), null);
        for (const [i, element] of value.entries()) yield numbered(setPath(document, parts, element), BigInt(i));
      } else if (!nullish(value) || preserve) yield numbered(document, null);
    }
  };
};

const replaceWith: Compiler = (expression, vars) => {
  const root = compileExpression(expression, vars);
  return eachDocument((document) => {
    const value = root(document);
    if (!isDoc(value)) throw new MongoError(40228, 'the new root document must evaluate to an object');
    return value;
  });
};

const replaceRoot: Compiler = (spec, vars, compile) =>
  replaceWith(named('$replaceRoot', spec, ['newRoot']).get('newRoot')!, vars, compile);

const facet: Compiler = (spec, vars, compile) => {
  const fields = object('$facet', spec, 40169);
  ensure(fields.size > 0, 40169, 'the $facet specification must be a non-empty object');
  const facets = [...fields].map(([name, stages]) => {
    ensure(!name.startsWith('$') && !name.includes('.'), 16410, `a facet's name may not be '${name}'`);
    ensure(Array.isArray(stages), 40170, `arguments to $facet must be arrays, ${name} is not`);
    const nested = stages.some((stage) => isDoc(stage) && stage.has('$facet'));
    ensure(!nested, 40600, '$facet is not allowed to be used within a $facet stage');
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
  const size = asNumber(named('$sample', spec, ['size']).get('size'));
  ensure(size !== undefined, 28746, 'size argument to $sample must be a number');
  ensure(size >= 0, 28747, 'size argument to $sample must not be negative');
  return (input) => {
    const shuffled = [...input].map((document) => ({ document, place: Math.random() }));
    shuffled.sort((a, b) => a.place - b.place);
    return shuffled.slice(0, size).map(({ document }) => document);
  };
};

/** The stages by name. */
export const STAGES = new Map<string, Compiler>([
  ['$match', match],
  ['$sort', (spec) => compileSortStage(spec)],
  ['$skip', skip],
  ['$limit', limit],
  ['$project', project],
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
  ['$replaceWith', replaceWith],
]);

/** Stages of MongoDB that exist and are not served. */
export const REFUSED_STAGES = new Set(
  (
    '$out $merge $bucket $bucketAuto $sortByCount $graphLookup $geoNear $redact $indexStats $collStats $planCacheStats $currentOp ' +
    '$listSessions $listLocalSessions $setWindowFields $densify $fill $documents $search $searchMeta ' +
    '$changeStreamSplitLargeEvent'
  ).split(' '),
);

/** Compiles one stage; throws 40324 for an unknown name and 115 for a stage that is refused. */
export function compileStage(stage: Value, vars: Variables, compile: Compile): Stage {
  ensure(isDoc(stage), 'TypeMismatch', "Each element of the 'pipeline' array must be an object");
  ensure(stage.size === 1, 40323, 'A pipeline stage specification object must contain exactly one field.');
  const [name, spec] = [...stage][0]!;
  const compiler = STAGES.get(name);
  if (compiler) return compiler(spec, vars, compile);
  if (REFUSED_STAGES.has(name))
    throw mongoError('CommandNotSupported', `${name} is not supported by the embedded database`);
  throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
}
