import { Field, ObjectType } from 'type-graphql';
import { Checkpoint } from '../Checkpoint';
import { PageInfo } from '../PageInfo';
import { CheckpointEdge } from './CheckpointEdge';

@ObjectType({ description: 'A page of checkpoints.' })
export class CheckpointConnection {
  @Field(() => [CheckpointEdge], { description: 'The records with their cursors.' })
  edges!: CheckpointEdge[];

  @Field(() => [Checkpoint], { description: 'The records alone, in the same order as `edges`.' })
  nodes!: Checkpoint[];

  @Field(() => PageInfo, { description: 'Where the page stands in the whole list.' })
  pageInfo!: PageInfo;

  /** Counts the whole list when called; the field `totalCount` calls it only where it is selected. */
  count!: () => Promise<number>;
}
