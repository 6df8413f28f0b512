import { Field, Int, ObjectType } from 'type-graphql';
import { MetricValue } from './scalars/MetricValue';

@ObjectType({ description: 'The history of one metric as columns: values[i] was measured at epochs[i].' })
export class MetricSeries {
  @Field(() => String, { description: 'Stored name of the metric.' })
  name!: string;

  @Field(() => [Int], { description: 'Numbers of the epochs, ascending.' })
  epochs!: number[];

  @Field(() => [MetricValue], { description: 'The values at these epochs, NaN included.' })
  values!: number[];

  @Field(() => Int, { description: 'How many points are stored; more than were returned when `sampled`.' })
  totalPoints!: number;

  @Field(() => Boolean, { description: 'Whether points were left out to stay within maxPoints.' })
  sampled!: boolean;
}
