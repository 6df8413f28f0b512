import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { experimentFilter } from '../src/stores/filters';
import { ExperimentFilter } from '../types/inputs/ExperimentFilter';
import { ModelTrainingTime } from '../types/ModelTrainingTime';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => ModelTrainingTime)
export class ModelTrainingTimeResolver {
  @Needs(Role.READER)
  @Query(() => [ModelTrainingTime], {
    description: 'Training times by model, longest mean first, over the runs that have one.',
  })
  trainingTimeByModel(
    @Ctx() { stores }: Context,
    @Arg('filter', () => ExperimentFilter, { nullable: true, description: 'Which runs; all if left out.' })
    filter?: ExperimentFilter,
  ): Promise<ModelTrainingTime[]> {
    return stores.reports.trainingTimeByModel(experimentFilter(filter, stores.liveness.at()));
  }
}
