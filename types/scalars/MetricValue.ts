import { GraphQLScalarType, Kind } from 'graphql';
import { invalidLiteral, invalidValue } from './invalid';

const EXPECTED = 'a finite number, or one of the strings "NaN", "Infinity" and "-Infinity"';

const NAMED = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** A metric's value as JSON can carry it: a finite number, or the name of what JSON has no number for. */
export function metricToJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The double that a JSON value stands for; undefined where it stands for none. */
export function metricFromJson(value: unknown): number | undefined {
  if (typeof value === 'string') return NAMED.get(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * A double, NaN and the infinities included. A number too large for a double (`1e999`) is an error and not Infinity:
 * nobody who writes it means a value that was never measured.
 */
export const MetricValue = new GraphQLScalarType<number, number | string>({
  name: 'MetricValue',
  description:
    'The value of a metric, a double: a finite number, or one of the strings `"NaN"`, `"Infinity"` and `"-Infinity"` ' +
    '(JSON has no numbers for them, and a diverged loss is data).',
  serialize(value) {
    if (typeof value === 'number') return metricToJson(value);
    throw invalidValue('MetricValue', value, 'a number');
  },
  parseValue(value) {
    const metric = metricFromJson(value);
    if (metric === undefined) throw invalidValue('MetricValue', value, EXPECTED);
    return metric;
  },
  parseLiteral(node) {
    let metric: number | undefined;
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) metric = metricFromJson(Number(node.value));
    else if (node.kind === Kind.STRING) metric = metricFromJson(node.value);
    if (metric === undefined) throw invalidLiteral('MetricValue', node, EXPECTED);
    return metric;
  },
});
