import { Args, Ctx, Info, Query, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { ObjectId } from 'mongodb';
import type { Context } from '../src/context';
import { projections } from '../src/stores/projections';
import { ChallengeBest } from '../types/ChallengeBest';
import { YardstickArgs } from '../types/inputs/YardstickArgs';
import { selectionOf } from './selection';
import { toYardstick } from './yardstick';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => ChallengeBest)
export class ChallengeBestResolver {
  @Needs(Role.READER)
  @Query(() => [ChallengeBest], {
    description: 'The best COMPLETED run of each challenge, by one of its own metrics, in order of the challenges.',
  })
  async bestPerChallenge(
    @Args() yardstick: YardstickArgs,
    @Ctx() { stores, loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ChallengeBest[]> {
    const bests = await stores.reports.bestPerChallenge(toYardstick(yardstick));
    const fields = projections.experiment(selectionOf(info).get('experiment') ?? new Map());
    const experiments = await loaders.experiment.loadMany(bests.map(({ id }) => ({ key: id as ObjectId, fields })));
    return bests.flatMap(({ challenge, count }, index) => {
      const experiment = experiments[index];
      if (experiment instanceof Error) throw experiment;
      return experiment ? [{ challenge, experiment, experimentCount: count }] : [];
    });
  }
}
