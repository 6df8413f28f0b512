import { Field, ObjectType } from 'type-graphql';
import { JSONValue } from './scalars/JSON';

@ObjectType({ description: 'A value that is not the same in all runs compared.' })
export class ComparedValue {
  @Field(() => String, {
    description:
      'In `configDiff` keys joined by dots, such as "scheduler.gamma"; a dot or percent sign inside a key is written %2E or ' +
      '%25, as in ConfigFilter. In `metricDiff` the name of the metric as it is.',
  })
  path!: string;

  @Field(() => [JSONValue], {
    nullable: 'items',
    description: 'One value a run, in the order of the ids given; null where it has none.',
  })
  values!: unknown[];
}
