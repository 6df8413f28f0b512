import { Field, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'What an update left.' })
export class UpdateExperimentPayload {
  @Field(() => Experiment, { description: 'The run after the change.' })
  experiment!: Experiment;
}
