import { Field, ObjectType } from 'type-graphql';
import { ComparedValue } from './ComparedValue';
import { Experiment } from './Experiment';

@ObjectType({ description: 'Several runs side by side.' })
export class ExperimentComparison {
  @Field(() => [Experiment], { description: 'In the order of the ids given.' })
  experiments!: Experiment[];

  @Field(() => [ComparedValue], { description: 'Config paths whose values are not all equal, sorted by path.' })
  configDiff!: ComparedValue[];

  @Field(() => [ComparedValue], {
    description: "The runs' own metrics whose values are not all equal, sorted by name. NaN equals NaN.",
  })
  metricDiff!: ComparedValue[];
}
