import { ArgsType, Field } from 'type-graphql';
import { ExperimentFilter } from './ExperimentFilter';
import { ExperimentOrder } from './ExperimentOrder';
import { PageArgs } from './PageArgs';

@ArgsType()
export class ExperimentListArgs extends PageArgs {
  @Field(() => ExperimentFilter, { nullable: true, description: 'Which runs; all if left out.' })
  filter?: ExperimentFilter | null;

  @Field(() => [ExperimentOrder], {
    nullable: true,
    description: 'The order, by its first key and then by the next, at most 5; newest first if left out.',
  })
  orderBy?: ExperimentOrder[] | null;
}
