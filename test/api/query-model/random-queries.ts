import type { Document } from 'mongodb';
import type { Random } from '../../embedded/random';
import type {
  ConfigInput,
  ExperimentInput,
  InstantInput,
  LabelsInput,
  MetricInput,
  NumberInput,
  RangeInput,
  SubjectFilterInput,
  TextInput,
} from './filters';
import { EXPERIMENT_ORDER_FIELDS, SUBJECT_ORDER_FIELDS, type OrderInput } from './orders';
import { CONFIG_PATHS, INSTANTS, jsonValue, LABELS, METRIC_NAMES, NUMBERS, TEXTS } from './random-documents';

/** Filters over every field and operator, and orders by one to three keys, made of the documents' own values. */

const FINITE = NUMBERS.filter(Number.isFinite);
const INTEGERS = [0, 1, 2, 3];

/** One or two of the operators, each with an operand; now and then one that is an explicit null. */
function operators<T extends object>(random: Random, makers: { [K in keyof T]?: () => T[K] }): T {
  const names = Object.keys(makers) as (keyof T)[];
  const chosen = random.chance(0.7) ? [random.pick(names)] : [random.pick(names), random.pick(names)];
  return Object.fromEntries(chosen.map((name) => [name, makers[name]!()])) as T;
}

function list<T>(random: Random, values: readonly T[]): T[] {
  return Array.from({ length: random.below(4) }, () => random.pick(values));
}

function ranges(random: Random, values: readonly number[]) {
  const bound = () => (random.chance(0.05) ? null : random.pick(values));
  return { gt: bound, gte: bound, lt: bound, lte: bound };
}

function number(random: Random, values: readonly number[]): NumberInput {
  const one = () => random.pick(values);
  return operators<NumberInput>(random, {
    eq: one,
    ne: one,
    in: () => list(random, values),
    ...ranges(random, values),
  });
}

/** A text, or a part of one. */
function part(random: Random): string {
  const characters = [...random.pick(TEXTS)];
  const start = random.below(characters.length + 1);
  return characters.slice(start, start + 1 + random.below(3)).join('');
}

function text(random: Random): TextInput {
  const one = () => (random.chance(0.05) ? null : random.pick(TEXTS));
  return operators<TextInput>(random, {
    eq: one,
    ne: one,
    in: () => list(random, TEXTS),
    contains: () => part(random),
    startsWith: () => (random.chance(0.5) ? part(random) : random.pick(TEXTS)),
  });
}

function labels(random: Random): LabelsInput {
  const some = () => list(random, LABELS);
  return operators<LabelsInput>(random, { any: some, all: some, none: some });
}

function instant(random: Random): InstantInput {
  const one = () => random.pick(INSTANTS).toISOString();
  return operators<InstantInput>(random, { gt: one, gte: one, lt: one, lte: one });
}

function metric(random: Random): MetricInput {
  const conditions = operators<Omit<MetricInput, 'name'>>(random, {
    eq: () => random.pick(FINITE),
    exists: () => random.chance(0.5),
    ...ranges(random, FINITE),
  });
  return { name: random.pick(METRIC_NAMES), ...conditions };
}

function config(random: Random): ConfigInput {
  const value = () => jsonValue(random);
  const conditions = operators<Omit<ConfigInput, 'path'>>(random, {
    eq: value,
    ne: value,
    in: () => list(random, [value(), value(), value()]).filter((item) => item !== null),
    exists: () => random.chance(0.5),
    ...(ranges(random, FINITE) as Record<keyof RangeInput, () => number | null>),
  });
  return { path: random.pick(CONFIG_PATHS), ...conditions };
}

function oneOrTwo<T>(random: Random, make: () => T): T[] {
  return random.chance(0.8) ? [make()] : [make(), make()];
}

/** One or two conditions, and now and then filters in filters. */
function filterOf<F extends object>(
  random: Random,
  makers: { [K in keyof F]?: () => F[K] },
  nest: () => F,
  depth: number,
): F {
  const names = Object.keys(makers) as (keyof F)[];
  const fields = Array.from({ length: random.chance(0.6) ? 1 : random.below(3) }, () => random.pick(names));
  const filter = Object.fromEntries(fields.map((name) => [name, makers[name]!()])) as Record<string, unknown>;
  if (depth < 4 && random.chance(0.35)) {
    const kind = random.pick(['and', 'or', 'not']);
    filter[kind] = kind === 'not' ? nest() : Array.from({ length: random.below(3) }, nest);
  }
  return filter as F;
}

export function randomExperimentFilter(random: Random, documents: readonly Document[], depth = 0): ExperimentInput {
  const id = () => {
    const { _id } = random.pick(documents);
    return typeof _id === 'object' ? String(_id) : 'f'.repeat(24);
  };
  return filterOf<ExperimentInput>(
    random,
    {
      ids: () => Array.from({ length: random.below(5) }, id),
      challenge: () => number(random, INTEGERS),
      status: () => list(random, ['RUNNING', 'COMPLETED', 'FAILED', 'STOPPED']),
      liveness: () => list(random, ['ALIVE', 'STALLED', 'UNKNOWN', 'FINISHED']),
      name: () => text(random),
      modelName: () => text(random),
      tags: () => labels(random),
      releases: () => labels(random),
      createdBy: () => text(random),
      hostname: () => text(random),
      startTime: () => instant(random),
      endTime: () => instant(random),
      config: () => oneOrTwo(random, () => config(random)),
      metrics: () => oneOrTwo(random, () => metric(random)),
      parentId: id,
      search: () => part(random),
    },
    () => randomExperimentFilter(random, documents, depth + 1),
    depth,
  );
}

export function randomSubjectFilter(random: Random, documents: readonly Document[], depth = 0): SubjectFilterInput {
  const splits = () => list(random, ['TRAIN', 'VAL', 'TEST']);
  const subjectId = () => String(random.pick(documents).subject_id);
  return filterOf<SubjectFilterInput>(
    random,
    {
      subjectIds: () => Array.from({ length: random.below(5) }, subjectId),
      age: () => number(random, FINITE),
      sex: () => list(random, ['F', 'M']),
      handedness: () => list(random, ['R', 'L', 'A']),
      releases: () => labels(random),
      challenge1Split: splits,
      challenge2Split: splits,
      hasEeg: () => random.chance(0.5),
      hasPhenotypic: () => random.chance(0.5),
      phenotypic: () => oneOrTwo(random, () => metric(random)),
      search: () => random.pick(['sub', 'B-1', 'ä.', '.', '1', '']),
    },
    () => randomSubjectFilter(random, documents, depth + 1),
    depth,
  );
}

function order(random: Random, keys: readonly (() => OrderInput)[]): OrderInput[] {
  const length = random.pick([1, 1, 1, 2, 3]);
  return Array.from({ length }, () => {
    const key = random.pick(keys)();
    return random.chance(0.2) ? key : { ...key, direction: random.pick(['ASC', 'DESC'] as const) };
  });
}

export function randomExperimentOrder(random: Random): OrderInput[] {
  const field = () => ({ field: random.pick(EXPERIMENT_ORDER_FIELDS) });
  const metricKey = () => ({ metric: random.pick(METRIC_NAMES) });
  return order(random, [field, field, metricKey, () => ({ configPath: random.pick(CONFIG_PATHS) })]);
}

export function randomSubjectOrder(random: Random): OrderInput[] {
  return order(random, [
    () => ({ field: random.pick(SUBJECT_ORDER_FIELDS) }),
    () => ({ phenotypic: random.pick(METRIC_NAMES) }),
  ]);
}
