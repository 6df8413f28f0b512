import type { ComponentChildren } from 'preact';
import { Swatch } from '../charts/readout';
import { flatten, formatMetric, formatReading, formatValue, toNumber, type MetricValue } from '../format';
import { query, setQuery } from '../routing';
import { Status } from '../ui/status';
import { secondsOf } from '../experiments/columns';
import { formatDuration, formatStart } from '../format';
import { now } from '../clock';
import type { ComparedRun, Comparison } from './compare-data';

/** Figures of which less is better; of the others it isn't said which is. */
const LESS_IS_BETTER = /loss|error|mae|rmse|mse|nrmse/i;
const MORE_IS_BETTER = /r2|accuracy|auc|f1|corr/i;

/** Which values are the best of a row; none where it can't be said, or all are equal. */
function bestOf(path: string, values: readonly unknown[]): Set<number> {
  const sign = LESS_IS_BETTER.test(path) ? 1 : MORE_IS_BETTER.test(path) ? -1 : 0;
  const numbers = values.map((value) =>
    typeof value === 'number' || typeof value === 'string' ? toNumber(value as MetricValue) * sign : NaN,
  );
  const finite = numbers.filter(Number.isFinite);
  if (sign === 0 || finite.length < 2) return new Set();
  const best = Math.min(...finite);
  if (finite.every((number) => number === best)) return new Set();
  return new Set(numbers.flatMap((number, index) => (number === best ? [index] : [])));
}

/** The paths that all runs share with equal values, for those who want to see everything. */
function equalPaths(runs: readonly ComparedRun[], differing: ReadonlySet<string>): [string, unknown][] {
  const [first] = runs;
  return first ? flatten(first.config.all).filter(([path]) => !differing.has(path)) : [];
}

function Row({ name, isEqual = false, children }: { name: string; isEqual?: boolean; children: ComponentChildren }) {
  return (
    <tr class={isEqual ? 'equal' : ''}>
      <th scope="row">{name}</th>
      {children}
    </tr>
  );
}

/** Where the runs differ, one column a run; what is equal on request. */
export function Differences({ comparison, onRemove }: { comparison: Comparison; onRemove: (id: string) => void }) {
  const { experiments: runs, configDiff, metricDiff } = comparison;
  const isWhole = query.value.get('equal') === 'show';
  const equal = equalPaths(runs, new Set(configDiff.map(({ path }) => path)));
  return (
    <section class="differences" aria-label="Differences">
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Table of differences">
        <table>
          <thead>
            <tr>
              <td />
              {runs.map((run, color) => (
                <th key={run.id} scope="col">
                  <span class="compared-name">
                    <Swatch color={color} />
                    <a href={`/experiments/${run.id}`}>{run.name}</a>
                    <button type="button" aria-label={`Take ${run.name} out`} onClick={() => onRemove(run.id)}>
                      ×
                    </button>
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Row name="State">
              {runs.map(({ id, status, liveness }) => (
                <td key={id}>
                  <Status status={status} liveness={liveness} />
                </td>
              ))}
            </Row>
            <Row name="Model">
              {runs.map(({ id, model }) => (
                <td key={id}>{model?.name}</td>
              ))}
            </Row>
            <Row name="Started">
              {runs.map(({ id, startTime }) => (
                <td key={id}>{formatStart(startTime, now.value)}</td>
              ))}
            </Row>
            <Row name="Took">
              {runs.map((run) => (
                <td key={run.id}>{formatDuration(secondsOf(run) ?? NaN)}</td>
              ))}
            </Row>
          </tbody>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={runs.length + 1} class="group">
                Metrics
              </th>
            </tr>
            {metricDiff.length === 0 && (
              <tr>
                <td colSpan={runs.length + 1} class="quiet">
                  No metric differs.
                </td>
              </tr>
            )}
            {metricDiff.map(({ path, values }) => {
              const best = bestOf(path, values);
              return (
                <Row key={path} name={path}>
                  {values.map((value, index) => (
                    <td key={runs[index]!.id} class={best.has(index) ? 'best' : ''}>
                      {value === null ? <span class="quiet">–</span> : formatFigure(value as MetricValue)}
                      {best.has(index) && <span class="hidden-visually"> (best)</span>}
                    </td>
                  ))}
                </Row>
              );
            })}
          </tbody>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={runs.length + 1} class="group">
                Configuration
                {equal.length > 0 && (
                  <button
                    type="button"
                    class="button plain"
                    aria-pressed={isWhole}
                    onClick={() => setQuery({ equal: isWhole ? null : 'show' })}
                  >
                    {isWhole ? 'Only what differs' : `Also the ${equal.length} that are equal`}
                  </button>
                )}
              </th>
            </tr>
            {configDiff.length === 0 && (
              <tr>
                <td colSpan={runs.length + 1} class="quiet">
                  The configurations are equal.
                </td>
              </tr>
            )}
            {configDiff.map(({ path, values }) => (
              <Row key={path} name={path}>
                {values.map((value, index) => (
                  <td key={runs[index]!.id} class={standsOut(value, values) ? 'differs' : ''}>
                    {value === null ? <span class="quiet">–</span> : formatValue(value)}
                  </td>
                ))}
              </Row>
            ))}
            {isWhole &&
              equal.map(([path, value]) => (
                <Row key={path} name={path} isEqual>
                  {runs.map(({ id }) => (
                    <td key={id}>{formatValue(value)}</td>
                  ))}
                </Row>
              ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function formatFigure(value: MetricValue): string {
  return typeof value === 'number' ? formatReading(value) : formatMetric(value);
}

/** Whether most runs agree on another value, so that this one stands out. */
function standsOut(value: unknown, values: readonly unknown[]): boolean {
  const texts = values.map((other) => JSON.stringify(other));
  const own = JSON.stringify(value);
  return texts.some((text) => text !== own && texts.filter((other) => other === text).length * 2 > texts.length);
}
