import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'How many records have a value.' })
export class FacetCount {
  @Field(() => String, { nullable: true, description: 'The value; null for records that have none.' })
  value!: string | null;

  @Field(() => Int, { description: 'How many records.' })
  count!: number;
}
