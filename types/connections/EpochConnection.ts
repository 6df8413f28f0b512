import { Field, ObjectType } from 'type-graphql';
import { Epoch } from '../Epoch';
import { PageInfo } from '../PageInfo';
import { EpochEdge } from './EpochEdge';

@ObjectType({ description: 'A page of epochs.' })
export class EpochConnection {
  @Field(() => [EpochEdge], { description: 'The records with their cursors.' })
  edges!: EpochEdge[];

  @Field(() => [Epoch], { description: 'The records alone, in the same order as `edges`.' })
  nodes!: Epoch[];

  @Field(() => PageInfo, { description: 'Where the page stands in the whole list.' })
  pageInfo!: PageInfo;

  /** Counts the whole list when called; the field `totalCount` calls it only where it is selected. */
  count!: () => Promise<number>;
}
