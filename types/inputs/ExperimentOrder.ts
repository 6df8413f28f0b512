import { Field, InputType } from 'type-graphql';
import { OrderDirection } from '../enums/OrderDirection';
import { ExperimentOrderField } from '../enums/ExperimentOrderField';

@InputType({
  description:
    'An order of runs. Exactly one of field, metric and configPath. Values that are missing, null, NaN or of another type than the order ' +
    'takes come last in either direction; equal ones go by id, in the direction of the last key.',
})
export class ExperimentOrder {
  @Field(() => ExperimentOrderField, { nullable: true, description: 'A field of the run.' })
  field?: ExperimentOrderField | null;

  @Field(() => String, {
    nullable: true,
    description:
      "One of the run's own metrics by its stored name. `best_val_loss` is the field BEST_VAL_LOSS, and so with the others " +
      'that are fields.',
  })
  metric?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A path inside `config`, as in ConfigFilter. Ascending: numbers, then texts by Unicode code points, then false and ' +
      'true. Lists, objects and null count as missing.',
  })
  configPath?: string | null;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: OrderDirection.ASC,
    description: 'Which end comes first.',
  })
  direction?: OrderDirection | null;
}
