import { Field, Float, InputType } from 'type-graphql';

@InputType({
  description: 'Compares a number. Every operator given must hold. A missing value or NaN matches `ne` alone.',
})
export class FloatFilter {
  @Field(() => Float, { nullable: true, description: 'Equal to this.' })
  eq?: number | null;

  @Field(() => Float, { nullable: true, description: 'Different from this, or missing.' })
  ne?: number | null;

  @Field(() => [Float], { nullable: true, description: 'Equal to one of these, at most 250.' })
  in?: number[] | null;

  @Field(() => Float, { nullable: true, description: 'Greater than this.' })
  gt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This or greater.' })
  gte?: number | null;

  @Field(() => Float, { nullable: true, description: 'Less than this.' })
  lt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This or less.' })
  lte?: number | null;
}
