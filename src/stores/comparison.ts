import { isDeepStrictEqual } from 'node:util';
import type { ComparedValue } from '../../types/ComparedValue';
import type { Experiment } from '../../types/Experiment';
import { metricToJson } from '../../types/scalars/MetricValue';

/** A key as it stands in a path that a filter of config takes. */
function written(key: string): string {
  return key.replaceAll('%', '%25').replaceAll('.', '%2E');
}

/** The leaves of a JSON object by their paths; lists and empty objects are leaves. */
function leavesOf(object: Record<string, unknown>, prefix = ''): [string, unknown][] {
  return Object.entries(object).flatMap(([key, value]) => {
    const path = prefix + written(key);
    const isBranch =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    return isBranch ? leavesOf(value as Record<string, unknown>, `${path}.`) : [[path, value] as [string, unknown]];
  });
}

/** The paths whose values are not all equal, sorted, with one value for each of the maps; null where it has none. */
function differences(maps: readonly ReadonlyMap<string, unknown>[]): ComparedValue[] {
  const paths = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
  return paths.flatMap((path) => {
    // As JSON, in which -0 is 0.
    const values = maps.map((map): unknown => JSON.parse(JSON.stringify(map.get(path) ?? null)));
    return values.every((value) => isDeepStrictEqual(value, values[0])) ? [] : [{ path, values }];
  });
}

/** Config paths in which experiments differ. A path that holds an object in one and a value in another differs at both. */
export function configDifferences(experiments: readonly Experiment[]): ComparedValue[] {
  return differences(experiments.map(({ config }) => new Map(leavesOf(config.all))));
}

/** Metrics of the experiments as a whole in which they differ; NaN equals NaN. */
export function metricDifferences(experiments: readonly Experiment[]): ComparedValue[] {
  return differences(
    experiments.map(({ metrics }) => new Map([...metrics.values].map(([name, value]) => [name, metricToJson(value)]))),
  );
}
