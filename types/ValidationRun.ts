import { Field, Float, ObjectType } from 'type-graphql';
import { SafeInt } from './scalars/SafeInt';

@ObjectType({ description: 'The validation pass that judged a checkpoint.' })
export class ValidationRun {
  @Field(() => SafeInt, { name: 'nSamples', nullable: true, description: 'Samples predicted.' })
  n_samples!: number | null;

  @Field(() => Float, {
    name: 'inferenceTimeMs',
    nullable: true,
    description: 'Milliseconds that the whole pass took.',
  })
  inference_time_ms!: number | null;

  @Field(() => String, {
    name: 'predictionsFile',
    nullable: true,
    description: 'Path of the predictions, as logged. Opaque text.',
  })
  predictions_file!: string | null;
}
