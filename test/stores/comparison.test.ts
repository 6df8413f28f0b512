import { configDifferences, metricDifferences } from '../../src/stores/comparison';
import type { Experiment } from '../../types/Experiment';

function withConfigs(...configs: Record<string, unknown>[]): Experiment[] {
  return configs.map((all) => ({ config: { all } })) as unknown as Experiment[];
}

function withMetrics(...metrics: Record<string, number>[]): Experiment[] {
  return metrics.map((values) => ({ metrics: { values: new Map(Object.entries(values)) } })) as unknown as Experiment[];
}

describe('configDifferences', () => {
  it('lists the paths that differ, sorted, with null for a missing value', () => {
    const experiments = withConfigs(
      { lr: 0.1, device: 'cpu', scheduler: { name: 'step', gamma: 0.9 }, same: [1, { a: 1, b: 2 }] },
      { lr: 0.2, scheduler: { gamma: 0.5, name: 'step' }, same: [1, { b: 2, a: 1 }] },
    );
    expect(configDifferences(experiments)).toEqual([
      { path: 'device', values: ['cpu', null] },
      { path: 'lr', values: [0.1, 0.2] },
      { path: 'scheduler.gamma', values: [0.9, 0.5] },
    ]);
  });

  it('shows an object beside a value at both paths', () => {
    expect(configDifferences(withConfigs({ a: { b: 1 } }, { a: 2 }, { a: {} }))).toEqual([
      { path: 'a', values: [null, 2, {}] },
      { path: 'a.b', values: [1, null, null] },
    ]);
  });

  it('takes null for missing, -0 for 0, and 1 for other than "1" and true', () => {
    expect(configDifferences(withConfigs({ a: null, b: -0, c: [-0] }, { b: 0, c: [0] }))).toEqual([]);
    expect(configDifferences(withConfigs({ a: 1 }, { a: '1' }, { a: true }))).toEqual([
      { path: 'a', values: [1, '1', true] },
    ]);
  });

  it('writes dots and percent signs of a key as a config filter takes them, and nothing else', () => {
    expect(configDifferences(withConfigs({ 'a.b': 1, '50%': 1, $c: 1 }, {})).map(({ path }) => path)).toEqual([
      '$c',
      '50%25',
      'a%2Eb',
    ]);
  });

  it('finds nothing in one run alone, nor in runs without a config', () => {
    expect(configDifferences(withConfigs({ a: 1 }))).toEqual([]);
    expect(configDifferences(withConfigs({}, {}))).toEqual([]);
  });
});

describe('metricDifferences', () => {
  it('lists the metrics that differ; NaN equals NaN', () => {
    const experiments = withMetrics({ a: NaN, b: NaN, loss: 1, same: 2 }, { a: NaN, b: 1, loss: Infinity, same: 2 });
    expect(metricDifferences(experiments)).toEqual([
      { path: 'b', values: ['NaN', 1] },
      { path: 'loss', values: [1, 'Infinity'] },
    ]);
    expect(metricDifferences(withMetrics({ a: 1 }, {}, { a: 1 }))).toEqual([{ path: 'a', values: [1, null, 1] }]);
  });
});
