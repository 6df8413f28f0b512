import { Field, ObjectType } from 'type-graphql';
import { ComparedValue } from './ComparedValue';
import { Experiment } from './Experiment';

@ObjectType({ description: 'Several runs side by side.' })
export class ExperimentComparison {
  @Field(() => [Experiment], { description: 'In the order of the ids given.' })
  experiments!: Experiment[];

  @Field(() => [ComparedValue], {
    description: 'Config paths whose values are not all equal, by path in UTF-16 code units.',
  })
  configDiff!: ComparedValue[];

  @Field(() => [ComparedValue], {
    description: "The runs' own metrics whose values are not all equal, by name in UTF-16 code units. NaN equals NaN.",
  })
  metricDiff!: ComparedValue[];
}
