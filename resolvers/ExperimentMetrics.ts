import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { ExperimentMetrics } from '../types/ExperimentMetrics';
import { MetricValue } from '../types/scalars/MetricValue';

@Resolver(() => ExperimentMetrics)
export class ExperimentMetricsResolver {
  @FieldResolver(() => MetricValue, { nullable: true, description: 'One metric; null where it is not stored.' })
  value(
    @Root() metrics: ExperimentMetrics,
    @Arg('name', () => String, { description: 'Stored name, such as "val_loss".' }) name: string,
  ): number | null {
    return metrics.values.get(name) ?? null;
  }
}
