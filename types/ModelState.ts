import { Field, Int, ObjectType } from 'type-graphql';
import { SafeInt } from './scalars/SafeInt';

@ObjectType({ description: 'What else a checkpoint holds for a trainer that resumes from it.' })
export class ModelState {
  @Field(() => String, { nullable: true, description: 'Name of the saved optimizer.' })
  optimizer!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the saved learning-rate scheduler.' })
  scheduler!: string | null;

  @Field(() => Int, { nullable: true, description: 'Epoch that the saved state had reached.' })
  epoch!: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'Optimizer steps taken by then.' })
  step!: number | null;
}
