import { Field, Float, InputType } from 'type-graphql';
import { SafeInt } from '../scalars/SafeInt';

@InputType({ description: 'The validation pass that judged the checkpoint.' })
export class ValidationRunInput {
  @Field(() => SafeInt, { nullable: true, description: 'Samples predicted.' })
  nSamples?: number | null;

  @Field(() => Float, { nullable: true, description: 'Milliseconds that the whole pass took.' })
  inferenceTimeMs?: number | null;

  @Field(() => String, { nullable: true, description: 'Path of the predictions; opaque text.' })
  predictionsFile?: string | null;
}
