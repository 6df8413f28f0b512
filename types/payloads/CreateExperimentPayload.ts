import { Field, ObjectType } from 'type-graphql';
import { WriteOutcome } from '../enums/WriteOutcome';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'What createExperiment did.' })
export class CreateExperimentPayload {
  @Field(() => Experiment, { description: 'The run as it is stored.' })
  experiment!: Experiment;

  @Field(() => WriteOutcome, { description: 'CREATED, or UNCHANGED for a retry.' })
  outcome!: WriteOutcome;
}
