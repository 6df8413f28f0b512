import { Field, Float, InputType } from 'type-graphql';
import { DateTime } from '../scalars/DateTime';

@InputType({ description: 'How long an epoch took.' })
export class EpochTimingInput {
  @Field(() => Float, { nullable: true, description: 'Wall-clock seconds, 0 or more.' })
  durationSeconds?: number | null;

  @Field(() => Float, { nullable: true, description: 'Training samples a second, 0 or more.' })
  samplesPerSecond?: number | null;

  @Field(() => DateTime, { nullable: true, description: 'When the epoch began.' })
  epochStart?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the epoch ended.' })
  epochEnd?: Date | null;
}
