import { Field, ObjectType } from 'type-graphql';
import { Subject } from '../Subject';
import { PageInfo } from '../PageInfo';
import { SubjectEdge } from './SubjectEdge';

@ObjectType({ description: 'A page of subjects.' })
export class SubjectConnection {
  @Field(() => [SubjectEdge], { description: 'The records with their cursors.' })
  edges!: SubjectEdge[];

  @Field(() => [Subject], { description: 'The records alone, in the same order as `edges`.' })
  nodes!: Subject[];

  @Field(() => PageInfo, { description: 'Where the page stands in the whole list.' })
  pageInfo!: PageInfo;

  /** Counts the whole list when called; the field `totalCount` calls it only where it is selected. */
  count!: () => Promise<number>;
}
