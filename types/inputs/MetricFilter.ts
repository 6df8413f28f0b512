import { Field, Float, InputType } from 'type-graphql';

@InputType({
  description:
    'Compares one metric by its stored name. Every operator given must hold. NaN matches nothing but `exists`.',
})
export class MetricFilter {
  @Field(() => String, { description: 'Stored name, such as "best_val_loss".' })
  name!: string;

  @Field(() => Float, { nullable: true, description: 'Equal to this.' })
  eq?: number | null;

  @Field(() => Float, { nullable: true, description: 'Greater than this.' })
  gt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This or greater.' })
  gte?: number | null;

  @Field(() => Float, { nullable: true, description: 'Less than this.' })
  lt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This or less.' })
  lte?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether a number is stored under the name, NaN included; of phenotypic scores, whether anything but null is.',
  })
  exists?: boolean | null;
}
