import type { Document, Filter, ObjectId } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { ConfigFilter } from '../../types/inputs/ConfigFilter';
import type { DateTimeFilter } from '../../types/inputs/DateTimeFilter';
import type { ExperimentFilter } from '../../types/inputs/ExperimentFilter';
import type { FloatFilter } from '../../types/inputs/FloatFilter';
import type { MetricFilter } from '../../types/inputs/MetricFilter';
import type { StringFilter } from '../../types/inputs/StringFilter';
import type { StringListFilter } from '../../types/inputs/StringListFilter';
import type { SubjectFilter } from '../../types/inputs/SubjectFilter';
import { badInput } from '../errors';
import type { LivenessAt } from './liveness';
import { decodeName, encodeName, faultOfName } from './names';
import { MAX_NESTING as STORED_NESTING, toMetricName, toObjectId, toStoredValue, toText } from './values';

/**
 * Typed filters as MongoDB's. Every operator is put here by name: nothing that a client sends becomes an operator, and
 * text is matched literally.
 */

const MAX_NESTING = 5;
const MAX_ITEMS = 250;
/** Filters in filters, and conditions on config, metrics and scores, of one filter: each costs time for every document. */
const MAX_CONDITIONS = 500;

/** Matches nothing. */
const NOTHING: Filter<Document> = { _id: { $in: [] } };

type Operators = Record<string, unknown>;

function list<T>(values: readonly T[], path: string): readonly T[] {
  if (values.length > MAX_ITEMS) throw badInput(path, `has ${values.length} items; it takes at most ${MAX_ITEMS}`);
  return values;
}

/** The given operators of a field, each a condition of its own. */
function conditions(field: string, operators: Operators): Filter<Document>[] {
  return Object.entries(operators).flatMap(([operator, value]) =>
    value === undefined ? [] : [{ [field]: { [operator]: value } }],
  );
}

/** Ordered comparisons of numbers. NaN, which BSON orders below every number, matches none of them. */
function ranges({ gt, gte, lt, lte }: Pick<FloatFilter, 'gt' | 'gte' | 'lt' | 'lte'>): Operators {
  const bounds = { $gt: gt ?? undefined, $gte: gte ?? undefined, $lt: lt ?? undefined, $lte: lte ?? undefined };
  const needsFloor = (lt != null || lte != null) && gte == null && gt == null;
  return needsFloor ? { ...bounds, $gte: -Infinity } : bounds;
}

function numbers(field: string, filter: FloatFilter | null | undefined, path: string): Filter<Document>[] {
  if (!filter) return [];
  return conditions(field, {
    $eq: filter.eq ?? undefined,
    $ne: filter.ne ?? undefined,
    $in: filter.in ? list(filter.in, `${path}.in`) : undefined,
    ...ranges(filter),
  });
}

const PATTERN_SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** A pattern that matches the text itself, wherever it stands. */
function literally(text: string, path: string): string {
  if (text.includes('\0')) throw badInput(path, 'must not hold a NUL character');
  return toText(text, path, { max: 1024 }).replace(PATTERN_SYNTAX, '\\$&');
}

/** The first text behind all that begin with this one, in the order of code points; undefined where there is none. */
function behindAll(start: string): string | undefined {
  const points = [...start].map((character) => character.codePointAt(0)!);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  // Between U+D7FF and U+E000 lie the surrogates, which are no characters.
  return last === undefined ? undefined : String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

/** Texts that begin with this one: the pattern decides, and the bounds let an index find them. */
function beginning(field: string, start: string, path: string): Filter<Document>[] {
  const pattern = { [field]: { $regex: `^${literally(start, path)}` } };
  return [pattern, ...(start === '' ? [] : conditions(field, { $gte: start, $lt: behindAll(start) }))];
}

function texts(field: string, filter: StringFilter | null | undefined, path: string): Filter<Document>[] {
  if (!filter) return [];
  const { eq, ne, contains, startsWith } = filter;
  return conditions(field, {
    $eq: eq == null ? undefined : toText(eq, `${path}.eq`),
    $ne: ne == null ? undefined : toText(ne, `${path}.ne`),
    $in: filter.in
      ? list(filter.in, `${path}.in`).map((text, index) => toText(text, `${path}.in[${index}]`))
      : undefined,
  }).concat(
    contains == null ? [] : [{ [field]: { $regex: literally(contains, `${path}.contains`) } }],
    startsWith == null ? [] : beginning(field, startsWith, `${path}.startsWith`),
  );
}

function instants(field: string, filter: DateTimeFilter | null | undefined): Filter<Document>[] {
  if (!filter) return [];
  const { gt, gte, lt, lte } = filter;
  return conditions(field, {
    $gt: gt ?? undefined,
    $gte: gte ?? undefined,
    $lt: lt ?? undefined,
    $lte: lte ?? undefined,
  });
}

function labels(field: string, filter: StringListFilter | null | undefined, path: string): Filter<Document>[] {
  if (!filter) return [];
  const checked = (values: string[] | null | undefined, name: string) =>
    values && list(values, `${path}.${name}`).map((text, index) => toText(text, `${path}.${name}[${index}]`));
  const [any, all, none] = [checked(filter.any, 'any'), checked(filter.all, 'all'), checked(filter.none, 'none')];
  return conditions(field, {
    $in: any ?? undefined,
    $all: all && all.length > 0 ? all : undefined,
    $nin: none && none.length > 0 ? none : undefined,
  });
}

function oneOf(field: string, values: readonly unknown[] | null | undefined, path: string): Filter<Document>[] {
  return values ? [{ [field]: { $in: [...list(values, path)] } }] : [];
}

function flag(field: string, value: boolean | null | undefined): Filter<Document>[] {
  return value == null ? [] : [{ [field]: value }];
}

/** MongoDB looks for a path inside lists, too, and compares a list by its items; these keep both out. */
function notAList(paths: readonly string[]): Filter<Document>[] {
  return paths.map((path) => ({ [path]: { $not: { $type: 'array' } } }));
}

/** A path with those that lead to it: `config`, `config.scheduler`, `config.scheduler.gamma`. */
function wayTo(path: string): string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, index + 1).join('.'));
}

/** Whether there is something at a path inside an open object; `present` says what counts as something. */
function existence(path: string, present: Operators, wanted: boolean): Filter<Document> {
  const found = { $and: [{ [path]: present }, ...notAList(wayTo(path).slice(0, -1))] };
  return wanted ? found : { $nor: [found] };
}

/** Numbers of an object of metrics or scores, by their names. `present` is what counts as stored. */
function metrics(
  field: string,
  filters: readonly MetricFilter[] | null | undefined,
  path: string,
  present: Operators,
): Filter<Document>[] {
  return list(filters ?? [], path).flatMap((filter, index) => {
    const name = `${field}.${encodeName(toMetricName(filter.name, `${path}[${index}].name`))}`;
    const { eq, exists } = filter;
    const compared = conditions(name, { $eq: eq ?? undefined, ...ranges(filter) });
    return [
      ...compared,
      ...(compared.length > 0 ? notAList(wayTo(name)) : []),
      ...(exists == null ? [] : [existence(name, present, exists)]),
    ];
  });
}

/**
 * A client's dotted path inside an open object, as it is stored: BAD_USER_INPUT for what can't be one. A dot or percent
 * sign inside a key comes as %2E or %25. Each key is a stored name, so no operator gets through.
 */
export function toPath(prefix: string, path: string, argument: string): string {
  const keys = toText(path, argument, { min: 1, max: 1024 }).split('.');
  if (keys.length > 50) throw badInput(argument, 'leads through more than 50 keys');
  const stored = keys.map((written) => {
    const key = decodeName(written);
    if (faultOfName(key) !== undefined || key === '__proto__' || key === '_bsontype') {
      throw badInput(argument, `${JSON.stringify(key.slice(0, 40))} can't be a key; join the keys of config by dots`);
    }
    return encodeName(key);
  });
  return [prefix, ...stored].join('.');
}

/**
 * Equality with any JSON value, as a whole. Objects are equal whatever the order of their keys, except for those that
 * stand inside a list: these are compared in order.
 */
function equals(path: string, value: unknown): Filter<Document> {
  const way = wayTo(path);
  if (Array.isArray(value)) {
    // As an expression: a condition would also match a list that holds such a list.
    const same = { $expr: { $eq: [`$${path}`, { $literal: value }] } };
    return { $and: [same, ...notAList(way.slice(0, -1))] };
  }
  return { $and: [...notAList(way), ...equalParts(path, value)] };
}

function equalParts(path: string, value: unknown): Filter<Document>[] {
  if (value === null) return [{ [path]: { $type: 'null' } }];
  if (Array.isArray(value)) return [equals(path, value)];
  if (typeof value !== 'object') return [{ [path]: { $eq: value } }, ...notAList([path])];
  const parts = Object.entries(value);
  const isObject = { $eq: [{ $type: `$${path}` }, 'object'] };
  const size = { $cond: [isObject, { $size: { $objectToArray: `$${path}` } }, -1] };
  return [
    { $expr: { $eq: [size, parts.length] } },
    ...parts.flatMap(([key, item]) => equalParts(`${path}.${key}`, item)),
  ];
}

/** The lists inside a JSON value are lists of the filter, too. One that is nested too deep is refused where it is read. */
function assertShortLists(value: unknown, path: string, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > STORED_NESTING) return;
  const items = Array.isArray(value) ? list(value as unknown[], path) : Object.values(value);
  if (items.length > MAX_ITEMS) throw badInput(path, `has ${items.length} keys; it takes at most ${MAX_ITEMS}`);
  for (const item of items) assertShortLists(item, path, depth + 1);
}

function configs(filters: readonly ConfigFilter[] | null | undefined, argument: string): Filter<Document>[] {
  return list(filters ?? [], argument).flatMap((filter, index) => {
    const at = `${argument}[${index}]`;
    const path = toPath('config', filter.path, `${at}.path`);
    const stored = (value: unknown, name: string) => {
      assertShortLists(value, `${at}.${name}`);
      return equals(path, toStoredValue(value, `${at}.${name}`));
    };
    const compared = conditions(path, ranges(filter));
    return [
      ...(filter.eq === undefined ? [] : [stored(filter.eq, 'eq')]),
      ...(filter.ne === undefined ? [] : [{ $nor: [stored(filter.ne, 'ne')] }]),
      ...(filter.in == null
        ? []
        : [anyOf(list(filter.in, `${at}.in`).map((value, place) => stored(value, `in[${place}]`)))]),
      ...compared,
      ...(compared.length > 0 ? notAList(wayTo(path)) : []),
      ...(filter.exists == null ? [] : [existence(path, { $exists: true }, filter.exists)]),
    ];
  });
}

/** One filter stands for itself, so that its index serves it. */
function anyOf(filters: Filter<Document>[]): Filter<Document> {
  return filters.length > 1 ? { $or: filters } : (filters[0] ?? NOTHING);
}

/**
 * In one of the statuses. A document without a status is running; one whose status no one knows is in none, though it
 * reads as running, too: finding it would take the list of the latest runs the order of its index.
 */
function inStatus(statuses: readonly ExperimentStatus[]): Filter<Document> {
  const stored = statuses.map((status) => (status === ExperimentStatus.RUNNING ? [status, null] : [status]));
  return { status: { $in: stored.flat() } };
}

/** What every filter type has: parts that are filters of the same type. */
interface Nested<F> {
  and?: F[] | null;
  or?: F[] | null;
  not?: F | null;
}

/** What of a filter grows without the lists that stand for one condition each. */
interface Weighed extends Nested<Weighed> {
  config?: readonly unknown[] | null;
  metrics?: readonly unknown[] | null;
  phenotypic?: readonly unknown[] | null;
}

function conditionsIn({ and, or, not, config, metrics, phenotypic }: Weighed): number {
  const inner = [...(and ?? []), ...(or ?? []), ...(not ? [not] : [])];
  const own = [config, metrics, phenotypic].reduce((sum, list) => sum + (list?.length ?? 0), 0);
  return inner.reduce((sum, filter) => sum + 1 + conditionsIn(filter), own);
}

function nested<F extends Nested<F>>(
  filter: F,
  path: string,
  depth: number,
  compile: (inner: F, path: string, depth: number) => Filter<Document>,
): Filter<Document>[] {
  if (depth > MAX_NESTING)
    throw badInput(path, `is nested deeper than ${MAX_NESTING}; it takes at most as many levels`);
  const weight = depth === 0 ? conditionsIn(filter) : 0;
  if (weight > MAX_CONDITIONS) throw badInput(path, `has ${weight} conditions; it takes at most ${MAX_CONDITIONS}`);
  const all = (filters: readonly F[], name: string) =>
    list(filters, `${path}.${name}`).map((inner, index) => compile(inner, `${path}.${name}[${index}]`, depth + 1));
  return [
    ...(filter.and ? all(filter.and, 'and') : []),
    ...(filter.or ? [anyOf(all(filter.or, 'or'))] : []),
    ...(filter.not ? [{ $nor: [compile(filter.not, `${path}.not`, depth + 1)] }] : []),
  ];
}

function together(filters: Filter<Document>[]): Filter<Document> {
  return filters.length > 1 ? { $and: filters } : (filters[0] ?? {});
}

/** Which experiments, their liveness judged by this rule. BAD_USER_INPUT, with the path of the value, for what can't be a filter. */
export function experimentFilter(
  filter: ExperimentFilter | null | undefined,
  rule: LivenessAt,
  path = 'filter',
  depth = 0,
): Filter<Document> {
  if (!filter) return {};
  const { ids, status, liveness, search, parentId } = filter;
  const id = (value: string, at: string): ObjectId => toObjectId(value, at);
  const pattern = search == null ? undefined : { $regex: literally(search, `${path}.search`), $options: 'i' };
  return together([
    ...nested(filter, path, depth, (inner, at, level) => experimentFilter(inner, rule, at, level)),
    ...(ids
      ? [{ _id: { $in: list(ids, `${path}.ids`).map((value, index) => id(value, `${path}.ids[${index}]`)) } }]
      : []),
    ...numbers('challenge', filter.challenge, `${path}.challenge`),
    ...(status ? [inStatus(list(status, `${path}.status`))] : []),
    ...(liveness ? [anyOf(list(liveness, `${path}.liveness`).map((state) => rule.filter(state)))] : []),
    ...texts('experiment_name', filter.name, `${path}.name`),
    ...texts('model.name', filter.modelName, `${path}.modelName`),
    ...labels('tags', filter.tags, `${path}.tags`),
    ...labels('dataset.releases', filter.releases, `${path}.releases`),
    ...texts('created_by', filter.createdBy, `${path}.createdBy`),
    ...texts('hostname', filter.hostname, `${path}.hostname`),
    ...instants('start_time', filter.startTime),
    ...instants('end_time', filter.endTime),
    ...configs(filter.config, `${path}.config`),
    ...metrics('metrics', filter.metrics, `${path}.metrics`, { $type: 'number', $not: { $type: 'array' } }),
    ...(parentId == null ? [] : [{ parent_experiment_id: id(parentId, `${path}.parentId`) }]),
    ...(pattern ? [{ $or: [{ experiment_name: pattern }, { note: pattern }, { tags: pattern }] }] : []),
  ] as Filter<Document>[]);
}

/** Which subjects. BAD_USER_INPUT, with the path of the value, for what can't be a filter. */
export function subjectFilter(filter: SubjectFilter | null | undefined, path = 'filter', depth = 0): Filter<Document> {
  if (!filter) return {};
  const { subjectIds, search } = filter;
  return together([
    ...nested(filter, path, depth, subjectFilter),
    ...oneOf(
      'subject_id',
      subjectIds?.map((id, index) => toText(id, `${path}.subjectIds[${index}]`)),
      `${path}.subjectIds`,
    ),
    ...numbers('age', filter.age, `${path}.age`),
    ...oneOf('sex', filter.sex, `${path}.sex`),
    ...oneOf('handedness', filter.handedness, `${path}.handedness`),
    ...labels('releases', filter.releases, `${path}.releases`),
    ...oneOf('splits.challenge1_split', filter.challenge1Split, `${path}.challenge1Split`),
    ...oneOf('splits.challenge2_split', filter.challenge2Split, `${path}.challenge2Split`),
    ...flag('has_eeg', filter.hasEeg),
    ...flag('has_phenotypic', filter.hasPhenotypic),
    ...metrics('phenotypic', filter.phenotypic, `${path}.phenotypic`, { $ne: null }),
    ...(search == null ? [] : [{ subject_id: { $regex: literally(search, `${path}.search`), $options: 'i' } }]),
  ]);
}
