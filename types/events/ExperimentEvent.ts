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

  @Field(() => Boolean, {
    description:
      "Whether the run is under the subscription's filter now; true without a filter. False for a run that was removed, " +
      'and for one that has stopped being under the filter: it belongs in the list no more.',
  })
  matches!: boolean;
}
