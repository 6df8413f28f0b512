import { Field, InputType } from 'type-graphql';
import { OrderDirection } from '../enums/OrderDirection';
import { SubjectOrderField } from '../enums/SubjectOrderField';

@InputType({
  description:
    'An order of subjects. Exactly one of field and phenotypic. Values that are missing, null, NaN or of another type than the order ' +
    'takes come last in either direction; equal ones go by id, in the direction of the last key.',
})
export class SubjectOrder {
  @Field(() => SubjectOrderField, { nullable: true, description: 'A field of the subject.' })
  field?: SubjectOrderField | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A phenotypic score by its name. Ascending: numbers, then texts by Unicode code points, then false and true. Lists, ' +
      'objects and null count as missing.',
  })
  phenotypic?: string | null;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: OrderDirection.ASC,
    description: 'Which end comes first.',
  })
  direction?: OrderDirection | null;
}
