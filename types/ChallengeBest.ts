import { Field, Int, ObjectType } from 'type-graphql';
import { Experiment } from './Experiment';

@ObjectType({ description: 'The best COMPLETED run of a challenge.' })
export class ChallengeBest {
  @Field(() => Int, { description: 'Number of the challenge.' })
  challenge!: number;

  @Field(() => Experiment, { description: 'Its best run by the metric asked for.' })
  experiment!: Experiment;

  @Field(() => Int, { description: 'How many COMPLETED runs of it have that metric.' })
  experimentCount!: number;
}
