import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { EXPERIMENT_LIMITS, EXPERIMENT_ORDER } from '../src/stores/experiments';
import { experimentFilter } from '../src/stores/filters';
import { experimentOrder } from '../src/stores/order-input';
import { toPageRequest } from '../src/stores/pages';
import { ExperimentFilter } from '../types/inputs/ExperimentFilter';
import { ExperimentOrder } from '../types/inputs/ExperimentOrder';
import { QueryPlan } from '../types/QueryPlan';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => QueryPlan)
export class QueryPlanResolver {
  @Needs(Role.READER)
  @Query(() => QueryPlan, {
    description:
      'How the database would run `experiments` with these arguments: which index, how many keys and documents it reads. ' +
      'One document more than `first` is read, to know whether there is a next page.',
  })
  explainExperiments(
    @Ctx() { stores }: Context,
    @Arg('filter', () => ExperimentFilter, { nullable: true, description: 'As in `experiments`.' })
    filter?: ExperimentFilter,
    @Arg('orderBy', () => [ExperimentOrder], { nullable: true, description: 'As in `experiments`.' })
    orderBy?: ExperimentOrder[],
    @Arg('first', () => Int, { nullable: true, description: 'As in `experiments`.' }) first?: number,
  ): Promise<QueryPlan> {
    const liveness = stores.liveness.at();
    const order = experimentOrder(orderBy, liveness) ?? EXPERIMENT_ORDER;
    const { limit } = toPageRequest({ first: first ?? null }, order, EXPERIMENT_LIMITS, null);
    return stores.reports.explain(experimentFilter(filter, liveness), order, limit);
  }
}
