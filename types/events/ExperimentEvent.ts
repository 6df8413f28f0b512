import { Field, ID, ObjectType } from 'type-graphql';
import { ChangeKind } from '../enums/ChangeKind';
import { Experiment } from '../Experiment';
import { type DocumentId } from '../Node';

@ObjectType({ description: 'A run was created, changed or removed.' })
export class ExperimentEvent {
  @Field(() => ChangeKind, { description: 'What happened.' })
  kind!: ChangeKind;

  @Field(() => String, { description: 'Opaque; give it as `after` to continue behind this event.' })
  cursor!: string;

  @Field(() => ID, { description: "The run's id." })
  experimentId!: DocumentId;

  @Field(() => Experiment, { nullable: true, description: 'The run as it is now; null when it was removed.' })
  experiment!: Experiment | null;
}
