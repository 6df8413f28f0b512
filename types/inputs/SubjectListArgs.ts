import { ArgsType, Field } from 'type-graphql';
import { PageArgs } from './PageArgs';
import { SubjectFilter } from './SubjectFilter';
import { SubjectOrder } from './SubjectOrder';

@ArgsType()
export class SubjectListArgs extends PageArgs {
  @Field(() => SubjectFilter, { nullable: true, description: 'Which subjects; all if left out.' })
  filter?: SubjectFilter | null;

  @Field(() => [SubjectOrder], {
    nullable: true,
    description: 'The order, by its first key and then by the next, at most 5; by identifier if left out.',
  })
  orderBy?: SubjectOrder[] | null;
}
