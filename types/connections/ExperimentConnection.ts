import { Field, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';
import { PageInfo } from '../PageInfo';
import { ExperimentEdge } from './ExperimentEdge';

@ObjectType({ description: 'A page of experiments.' })
export class ExperimentConnection {
  @Field(() => [ExperimentEdge], { description: 'The records with their cursors.' })
  edges!: ExperimentEdge[];

  @Field(() => [Experiment], { description: 'The records alone, in the same order as `edges`.' })
  nodes!: Experiment[];

  @Field(() => PageInfo, { description: 'Where the page stands in the whole list.' })
  pageInfo!: PageInfo;

  /** Counts the whole list when called; the field `totalCount` calls it only where it is selected. */
  count!: () => Promise<number>;
}
