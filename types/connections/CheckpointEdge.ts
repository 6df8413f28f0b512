import { Field, ObjectType } from 'type-graphql';
import { Checkpoint } from '../Checkpoint';

@ObjectType({ description: 'One place in a page of checkpoints.' })
export class CheckpointEdge {
  @Field(() => String, { description: 'Opaque; marks this place for `after` and `before`.' })
  cursor!: string;

  @Field(() => Checkpoint, { description: 'The record at this place.' })
  node!: Checkpoint;
}
