import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { invalidLiteral, invalidValue } from './invalid';
import { metricFromJson, metricToJson, MetricValue } from './MetricValue';

const EXPECTED = 'an object from metric name to value, such as {"val_loss": 0.045, "train_loss": "NaN"}';

/** A value of the map, or the error that names its key. */
function valueOf(name: string, value: unknown): number {
  const metric = metricFromJson(value);
  if (metric !== undefined) return metric;
  const { message } = invalidValue('it', value, 'a finite number or "NaN", "Infinity", "-Infinity"');
  throw new GraphQLError(`Metric ${JSON.stringify(name.slice(0, 80))}: ${message}`, {
    extensions: { code: 'BAD_USER_INPUT', metric: name.slice(0, 80) },
  });
}

function fromJson(value: unknown): Map<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidValue('MetricMap', value, EXPECTED);
  }
  return new Map(Object.entries(value).map(([name, item]) => [name, valueOf(name, item)]));
}

/** Metrics by name. A Map inside, so that a metric may be called `__proto__` or `0` and keeps its place. */
export const MetricMap = new GraphQLScalarType<Map<string, number>, Record<string, number | string>>({
  name: 'MetricMap',
  description:
    'Metrics by name: an object whose values are each a MetricValue, such as `{"val_loss": 0.045, "grad_norm": "NaN"}`. ' +
    'Names come back exactly as they were given, whatever characters they hold; an empty name is refused.',
  serialize(value) {
    if (!(value instanceof Map)) throw invalidValue('MetricMap', value, 'a map of metrics');
    return Object.fromEntries(
      [...(value as Map<string, number>)].map(([name, metric]) => [name, metricToJson(metric)]),
    );
  },
  parseValue: fromJson,
  parseLiteral(node, variables) {
    if (node.kind !== Kind.OBJECT) throw invalidLiteral('MetricMap', node, EXPECTED);
    return new Map(
      node.fields.map((field) => {
        const { value } = field;
        const name = field.name.value;
        return [
          name,
          value.kind === Kind.VARIABLE ? valueOf(name, variables?.[value.name.value]) : MetricValue.parseLiteral(value),
        ];
      }),
    );
  },
});
