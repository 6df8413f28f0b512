import { ArgsType, Field } from 'type-graphql';
import { OrderDirection } from '../enums/OrderDirection';

@ArgsType()
export class YardstickArgs {
  @Field(() => String, {
    nullable: true,
    defaultValue: 'best_val_loss',
    description: "One of the runs' own metrics by its stored name; runs without it, or with NaN, are left out.",
  })
  metric?: string | null;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: OrderDirection.ASC,
    description: 'ASC where less is better, DESC where more is.',
  })
  direction?: OrderDirection | null;
}
