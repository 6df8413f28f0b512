import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Why one item of a batch was not written. The others were.' })
export class BatchError {
  @Field(() => Int, { description: "The item's place in the list given, from 0." })
  index!: number;

  @Field(() => String, { description: 'One of the error codes, such as "BAD_USER_INPUT".' })
  code!: string;

  @Field(() => String, { description: 'What was wrong, and what would be right.' })
  message!: string;
}
