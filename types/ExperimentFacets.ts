import { Field, Int, ObjectType } from 'type-graphql';
import { FacetCount } from './FacetCount';

@ObjectType({ description: 'What the runs under a filter are, in counts: most frequent first, ties by value.' })
export class ExperimentFacets {
  @Field(() => Int, { description: 'How many runs.' })
  total!: number;

  @Field(() => [FacetCount], { description: 'By status, as the enum names it.' })
  byStatus!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By number of the challenge.' })
  byChallenge!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By name of the model.' })
  byModel!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By tag; a run counts under each of its tags.' })
  byTag!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By sign of life, as of now.' })
  byLiveness!: FacetCount[];
}
