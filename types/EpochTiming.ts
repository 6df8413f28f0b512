import { Field, Float, ObjectType } from 'type-graphql';
import { DateTime } from './scalars/DateTime';

@ObjectType({ description: 'How long an epoch took.' })
export class EpochTiming {
  @Field(() => Float, { name: 'durationSeconds', nullable: true, description: 'Wall-clock seconds.' })
  duration_seconds!: number | null;

  @Field(() => Float, { name: 'samplesPerSecond', nullable: true, description: 'Training samples a second.' })
  samples_per_second!: number | null;

  @Field(() => DateTime, { name: 'epochStart', nullable: true, description: 'When the epoch began.' })
  epoch_start!: Date | null;

  @Field(() => DateTime, { name: 'epochEnd', nullable: true, description: 'When the epoch ended.' })
  epoch_end!: Date | null;
}
