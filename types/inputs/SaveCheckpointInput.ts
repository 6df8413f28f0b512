import { Field, ID, InputType, Int } from 'type-graphql';
import { DateTime } from '../scalars/DateTime';
import { MetricMap } from '../scalars/MetricMap';
import { CheckpointFileInput } from './CheckpointFileInput';
import { ModelStateInput } from './ModelStateInput';
import { ValidationRunInput } from './ValidationRunInput';

@InputType({
  description:
    'A saved checkpoint. A run has one record for each epoch and path: saving the same again with other content replaces ' +
    'it, and with equal content changes nothing, so the call is safe to retry.',
})
export class SaveCheckpointInput {
  @Field(() => ID, {
    nullable: true,
    description: 'An ObjectId made by the client. If another epoch or path is stored under it, the call is a CONFLICT.',
  })
  id?: string | null;

  @Field(() => ID, { description: 'The run. Must exist.' })
  experimentId!: string;

  @Field(() => Int, { description: 'The epoch after which it was saved, 0 or more. Need not be logged yet.' })
  epoch!: number;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Whether it is the run's best so far; the one that was stops being it in the same moment.",
  })
  isBest?: boolean | null;

  @Field(() => MetricMap, { nullable: true, description: 'Metrics of the saved model.' })
  metrics?: Map<string, number> | null;

  @Field(() => CheckpointFileInput, { description: 'Where the weights are.' })
  file!: CheckpointFileInput;

  @Field(() => ModelStateInput, { nullable: true, description: 'What else was saved.' })
  modelState?: ModelStateInput | null;

  @Field(() => ValidationRunInput, { nullable: true, description: 'The validation pass that judged it.' })
  validation?: ValidationRunInput | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was saved; the time of the call if left out.' })
  timestamp?: Date | null;
}
