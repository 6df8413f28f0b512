import { Field, InputType } from 'type-graphql';
import { OrderDirection } from '../enums/OrderDirection';
import { ExperimentOrderField } from '../enums/ExperimentOrderField';

@InputType({
  description:
    'An order of runs. Exactly one of field, metric and configPath. Missing, null and NaN values come last in either direction; ties are broken by id.',
})
export class ExperimentOrder {
  @Field(() => ExperimentOrderField, { nullable: true, description: 'A field of the run.' })
  field?: ExperimentOrderField | null;

  @Field(() => String, { nullable: true, description: "One of the run's own metrics by its stored name." })
  metric?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A path inside `config`, as in ConfigFilter. Numbers come before texts, and other values last.',
  })
  configPath?: string | null;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: OrderDirection.ASC,
    description: 'Which end comes first.',
  })
  direction?: OrderDirection | null;
}
