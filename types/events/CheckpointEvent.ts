import { Field, ID, ObjectType } from 'type-graphql';
import { Checkpoint } from '../Checkpoint';
import { ChangeKind } from '../enums/ChangeKind';
import { type DocumentId } from '../Node';

@ObjectType({ description: 'A checkpoint was saved, or became or stopped being the best.' })
export class CheckpointEvent {
  @Field(() => ChangeKind, { description: 'CREATED, or UPDATED for a stored one that changed.' })
  kind!: ChangeKind;

  @Field(() => String, { description: 'Opaque; give it as `after` to continue behind this event.' })
  cursor!: string;

  @Field(() => ID, { description: 'The run that the checkpoint belongs to.' })
  experimentId!: DocumentId;

  @Field(() => Checkpoint, { description: 'The checkpoint as it is now.' })
  checkpoint!: Checkpoint;
}
