import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A bar of the age histogram.' })
export class AgeBin {
  @Field(() => Float, { description: 'Youngest age in it, in years, itself included.' })
  from!: number;

  @Field(() => Float, { description: 'Age at which the next bar begins.' })
  to!: number;

  @Field(() => Int, { description: 'How many subjects.' })
  count!: number;
}
