import { Field, InputType, Int } from 'type-graphql';
import { DateTime } from '../scalars/DateTime';
import { MetricMap } from '../scalars/MetricMap';
import { EpochTimingInput } from './EpochTimingInput';
import { MemoryUsageInput } from './MemoryUsageInput';

@InputType({ description: 'One epoch of a batch.' })
export class EpochInput {
  @Field(() => Int, { description: "The epoch's number, 0 or more." })
  epoch!: number;

  @Field(() => MetricMap, { description: 'What was measured, such as {"train_loss": 0.04, "val_loss": 0.05}.' })
  metrics!: Map<string, number>;

  @Field(() => EpochTimingInput, { nullable: true, description: 'How long it took.' })
  timing?: EpochTimingInput | null;

  @Field(() => MemoryUsageInput, { nullable: true, description: 'Memory in use at its end.' })
  memory?: MemoryUsageInput | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it ended; the time of the call if left out. A retry without it still counts as equal content.',
  })
  timestamp?: Date | null;
}
