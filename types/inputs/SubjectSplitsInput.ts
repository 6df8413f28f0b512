import { Field, InputType } from 'type-graphql';
import { Split } from '../enums/Split';

@InputType({ description: "The subject's part in each challenge; one left out keeps its stored value." })
export class SubjectSplitsInput {
  @Field(() => Split, { nullable: true, description: 'Split of challenge 1; null takes it out.' })
  challenge1?: Split | null;

  @Field(() => Split, { nullable: true, description: 'Split of challenge 2; null takes it out.' })
  challenge2?: Split | null;
}
