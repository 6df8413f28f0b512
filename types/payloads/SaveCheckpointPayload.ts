import { Field, ObjectType } from 'type-graphql';
import { Checkpoint } from '../Checkpoint';
import { WriteOutcome } from '../enums/WriteOutcome';

@ObjectType({ description: 'What saveCheckpoint did.' })
export class SaveCheckpointPayload {
  @Field(() => Checkpoint, { description: 'The checkpoint as it is stored.' })
  checkpoint!: Checkpoint;

  @Field(() => WriteOutcome, { description: 'Whether it was new, replaced another, or was there already.' })
  outcome!: WriteOutcome;
}
