import { Field, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'What failStalledExperiments did.' })
export class FailStalledExperimentsPayload {
  @Field(() => [Experiment], { description: 'The runs that were marked FAILED.' })
  experiments!: Experiment[];
}
