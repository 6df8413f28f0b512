import { Field, ObjectType } from 'type-graphql';
import { Split } from './enums/Split';

@ObjectType({ description: "The subject's part in each challenge." })
export class SubjectSplits {
  @Field(() => Split, { name: 'challenge1', nullable: true, description: 'Split of challenge 1; null if in none.' })
  challenge1_split!: Split | null;

  @Field(() => Split, { name: 'challenge2', nullable: true, description: 'Split of challenge 2; null if in none.' })
  challenge2_split!: Split | null;
}
