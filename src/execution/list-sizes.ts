import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
  type ArgumentNode,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import { CHECKPOINT_LIMITS } from '../stores/checkpoints';
import { EPOCH_LIMITS } from '../stores/epochs';
import { EXPERIMENT_LIMITS } from '../stores/experiments';
import type { PageLimits } from '../stores/pages';
import { SERIES_LIMITS } from '../stores/series';
import { SUBJECT_LIMITS } from '../stores/subjects';
import type { GivenArguments } from './given-arguments';

/** How many objects a list or page may hold by its arguments. */
export type SizeOf = (given: GivenArguments) => number;

const PAGES: Readonly<Record<string, PageLimits>> = {
  Experiment: EXPERIMENT_LIMITS,
  Epoch: EPOCH_LIMITS,
  Checkpoint: CHECKPOINT_LIMITS,
  Subject: SUBJECT_LIMITS,
};

/** Metrics that a series is taken to have where none are named. */
const USUAL_METRICS = 20;
/** Points of a series that weigh as much as a record. */
const POINTS_OF_A_NODE = 100;

/** What the lists that no argument sizes are taken to hold. */
const ASSUMED: Readonly<Record<string, number>> = {
  'Epoch.checkpoints': 2,
  'Query.bestPerChallenge': 10,
  'Query.trainingTimeByModel': 100,
  'Query.apiTokens': 100,
  // As many as the ids given to the field above, which counts them.
  'ExperimentComparison.experiments': 1,
  'ExperimentComparison.configDiff': 10,
  'ExperimentComparison.metricDiff': 10,
  'ExperimentFacets.byStatus': 5,
  'ExperimentFacets.byChallenge': 10,
  'ExperimentFacets.byModel': 100,
  'ExperimentFacets.byTag': 100,
  'ExperimentFacets.byLiveness': 5,
  'SubjectFacets.byRelease': 20,
  'SubjectFacets.bySex': 5,
  'SubjectFacets.byChallenge1Split': 5,
  'SubjectFacets.byChallenge2Split': 5,
  'SubjectFacets.ageHistogram': 100,
  'LogEpochsPayload.errors': 1000,
  'UpsertSubjectsPayload.errors': 1000,
  'FailStalledExperimentsPayload.experiments': 1000,
};

const CONNECTION = 'Connection';

/** Whether a type is a page of a list. */
export function isConnection(typeName: string): boolean {
  return typeName.endsWith(CONNECTION);
}

/** The size of what a field gives; undefined for a field that gives no list, page or comparison, or an unknown size. */
export function sizeOf(
  typeName: string,
  field: GraphQLField<unknown, unknown>,
  args: readonly ArgumentNode[],
): SizeOf | undefined {
  const item = getNamedType(field.type).name;
  const names = field.args.map(({ name }) => name);
  if (isConnection(item)) {
    const limits = PAGES[item.slice(0, -CONNECTION.length)];
    return limits && pageSize(args, limits, limits.default);
  }
  if (names.includes('ids')) return (given) => given.length(args, 'ids') ?? 1;
  if (!isListType(getNullableType(field.type))) return undefined;
  // The page has counted itself.
  if (isConnection(typeName)) return () => 1;
  if (item === 'MetricSeries') return seriesSize(args);
  if (names.includes('first')) {
    const limits = PAGES[item];
    const usual = field.args.find(({ name }) => name === 'first')?.defaultValue as number | undefined;
    return limits && pageSize(args, limits, usual ?? limits.default);
  }
  const assumed = ASSUMED[`${typeName}.${field.name}`];
  return assumed === undefined ? undefined : () => assumed;
}

function pageSize(args: readonly ArgumentNode[], limits: PageLimits, usual: number): SizeOf {
  return (given) => {
    const asked = given.number(args, 'first') ?? given.number(args, 'last') ?? usual;
    return Math.min(Math.max(asked, 1), limits.max);
  };
}

function seriesSize(args: readonly ArgumentNode[]): SizeOf {
  return (given) => {
    const metrics = Math.min(given.length(args, 'metrics') ?? USUAL_METRICS, SERIES_LIMITS.metrics);
    const points = Math.min(given.number(args, 'maxPoints') ?? SERIES_LIMITS.default, SERIES_LIMITS.max);
    return Math.max(Math.ceil((metrics * points) / POINTS_OF_A_NODE), 1);
  };
}

/** Throws for a schema that has a list of objects whose size is not known here. */
export function assertSizesKnown(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const item = getNamedType(field.type);
      const isMany = isConnection(item.name) || isListType(getNullableType(field.type));
      if (isMany && isCompositeType(item) && !sizeOf(type.name, field, [])) {
        throw new Error(`${type.name}.${field.name}: say in src/execution/list-sizes.ts how many it may hold`);
      }
    }
  }
}
