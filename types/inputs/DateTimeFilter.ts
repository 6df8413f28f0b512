import { Field, InputType } from 'type-graphql';
import { DateTime } from '../scalars/DateTime';

@InputType({ description: 'Compares an instant. Every operator given must hold. A missing value matches nothing.' })
export class DateTimeFilter {
  @Field(() => DateTime, { nullable: true, description: 'Later than this.' })
  gt?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'At this or later.' })
  gte?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Earlier than this.' })
  lt?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'At this or earlier.' })
  lte?: Date | null;
}
