import { Field, Int, ObjectType } from 'type-graphql';
import { CheckpointFile } from './CheckpointFile';
import { EpochMetrics } from './EpochMetrics';
import { ModelState } from './ModelState';
import { Node, type DocumentId } from './Node';
import { DateTime } from './scalars/DateTime';
import { ValidationRun } from './ValidationRun';

@ObjectType({
  implements: Node,
  description: 'A saved state of the model: where its file is and how it did. The file itself is not stored here.',
})
export class Checkpoint extends Node {
  readonly __typename = 'Checkpoint';

  experiment_id!: DocumentId;

  @Field(() => Int, { description: 'The epoch after which it was saved.' })
  epoch!: number;

  @Field(() => Boolean, {
    name: 'isBest',
    description: "Whether it is the experiment's best. At most one checkpoint of an experiment is.",
  })
  is_best!: boolean;

  @Field(() => EpochMetrics, { description: 'Metrics of the saved model.' })
  metrics!: EpochMetrics;

  @Field(() => CheckpointFile, { description: 'Where the weights are.' })
  file!: CheckpointFile;

  @Field(() => ModelState, { name: 'modelState', nullable: true, description: 'What else was saved.' })
  model_state!: ModelState | null;

  @Field(() => ValidationRun, { nullable: true, description: 'The validation pass that judged it.' })
  validation!: ValidationRun | null;

  @Field(() => DateTime, { description: 'When it was logged, or the time that the trainer gave.' })
  timestamp!: Date;
}
