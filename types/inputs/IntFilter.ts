import { Field, InputType, Int } from 'type-graphql';

@InputType({ description: 'Compares an integer. Every operator given must hold. A missing value matches `ne` alone.' })
export class IntFilter {
  @Field(() => Int, { nullable: true, description: 'Equal to this.' })
  eq?: number | null;

  @Field(() => Int, { nullable: true, description: 'Different from this, or missing.' })
  ne?: number | null;

  @Field(() => [Int], { nullable: true, description: 'Equal to one of these, at most 250.' })
  in?: number[] | null;

  @Field(() => Int, { nullable: true, description: 'Greater than this.' })
  gt?: number | null;

  @Field(() => Int, { nullable: true, description: 'This or greater.' })
  gte?: number | null;

  @Field(() => Int, { nullable: true, description: 'Less than this.' })
  lt?: number | null;

  @Field(() => Int, { nullable: true, description: 'This or less.' })
  lte?: number | null;
}
