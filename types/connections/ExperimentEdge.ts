import { Field, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'One place in a page of experiments.' })
export class ExperimentEdge {
  @Field(() => String, { description: 'Opaque; marks this place for `after` and `before`.' })
  cursor!: string;

  @Field(() => Experiment, { description: 'The record at this place.' })
  node!: Experiment;
}
