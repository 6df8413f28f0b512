import { Field, Int, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'What a rewind removed and left.' })
export class RewindExperimentPayload {
  @Field(() => Experiment, { description: 'The run after it.' })
  experiment!: Experiment;

  @Field(() => Int, { description: 'Epochs removed.' })
  deletedEpochs!: number;

  @Field(() => Int, { description: 'Checkpoints removed.' })
  deletedCheckpoints!: number;
}
