import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { EpochMetrics } from '../types/EpochMetrics';
import { MetricValue } from '../types/scalars/MetricValue';

@Resolver(() => EpochMetrics)
export class EpochMetricsResolver {
  @FieldResolver(() => MetricValue, { nullable: true, description: 'One metric; null where it is not stored.' })
  value(
    @Root() metrics: EpochMetrics,
    @Arg('name', () => String, { description: 'Stored name, such as "val_loss".' }) name: string,
  ): number | null {
    return metrics.values.get(name) ?? null;
  }
}
