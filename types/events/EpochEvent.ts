import { Field, ID, ObjectType } from 'type-graphql';
import { ChangeKind } from '../enums/ChangeKind';
import { Epoch } from '../Epoch';
import { type DocumentId } from '../Node';

@ObjectType({ description: 'An epoch was logged or replaced.' })
export class EpochEvent {
  @Field(() => ChangeKind, { description: 'CREATED, or UPDATED where other content was replaced.' })
  kind!: ChangeKind;

  @Field(() => String, { description: 'Opaque; give it as `after` to continue behind this event.' })
  cursor!: string;

  @Field(() => ID, { description: 'The run that the epoch belongs to.' })
  experimentId!: DocumentId;

  @Field(() => Epoch, { description: 'The epoch as it is now.' })
  epoch!: Epoch;
}
