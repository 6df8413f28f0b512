import { Field, InputType } from 'type-graphql';
import { OrderDirection } from '../enums/OrderDirection';
import { SubjectOrderField } from '../enums/SubjectOrderField';

@InputType({
  description:
    'An order of subjects. Exactly one of field and phenotypic. Missing, null and NaN values come last in either direction; ties are broken by id.',
})
export class SubjectOrder {
  @Field(() => SubjectOrderField, { nullable: true, description: 'A field of the subject.' })
  field?: SubjectOrderField | null;

  @Field(() => String, {
    nullable: true,
    description: 'A phenotypic score by its name. Numbers come before texts, and other values last.',
  })
  phenotypic?: string | null;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: OrderDirection.ASC,
    description: 'Which end comes first.',
  })
  direction?: OrderDirection | null;
}
