import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { experimentFilter } from '../src/stores/filters';
import { ExperimentFacets } from '../types/ExperimentFacets';
import { ExperimentFilter } from '../types/inputs/ExperimentFilter';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => ExperimentFacets)
export class ExperimentFacetsResolver {
  @Needs(Role.READER)
  @Query(() => ExperimentFacets, { description: 'What the runs under a filter are, in counts.' })
  experimentFacets(
    @Ctx() { stores }: Context,
    @Arg('filter', () => ExperimentFilter, { nullable: true, description: 'Which runs; all if left out.' })
    filter?: ExperimentFilter,
  ): Promise<ExperimentFacets> {
    const liveness = stores.liveness.at();
    return stores.reports.facets(experimentFilter(filter, liveness), liveness);
  }
}
