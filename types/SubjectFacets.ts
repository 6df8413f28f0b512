import { Field, Int, ObjectType } from 'type-graphql';
import { AgeBin } from './AgeBin';
import { FacetCount } from './FacetCount';

@ObjectType({ description: 'What the subjects under a filter are, in counts: most frequent first, ties by value.' })
export class SubjectFacets {
  @Field(() => Int, { description: 'How many subjects.' })
  total!: number;

  @Field(() => [FacetCount], { description: 'By release; a subject counts under each of its releases.' })
  byRelease!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By sex.' })
  bySex!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By split of challenge 1, as the enum names it.' })
  byChallenge1Split!: FacetCount[];

  @Field(() => [FacetCount], { description: 'By split of challenge 2, as the enum names it.' })
  byChallenge2Split!: FacetCount[];

  @Field(() => [AgeBin], {
    description:
      'Ages in bars of one year, from the youngest to the oldest, empty bars included; subjects without an age are left out.',
  })
  ageHistogram!: AgeBin[];
}
