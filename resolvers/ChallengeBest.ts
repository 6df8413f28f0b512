import { Args, Ctx, Query, Resolver } from 'type-graphql';
import type { ObjectId } from 'mongodb';
import type { Context } from '../src/context';
import { ChallengeBest } from '../types/ChallengeBest';
import { YardstickArgs } from '../types/inputs/YardstickArgs';
import { toYardstick } from './yardstick';

@Resolver(() => ChallengeBest)
export class ChallengeBestResolver {
  @Query(() => [ChallengeBest], {
    description: 'The best COMPLETED run of each challenge, by one of its own metrics, in order of the challenges.',
  })
  async bestPerChallenge(
    @Args() yardstick: YardstickArgs,
    @Ctx() { stores, loaders }: Context,
  ): Promise<ChallengeBest[]> {
    const bests = await stores.reports.bestPerChallenge(toYardstick(yardstick));
    const experiments = await loaders.experiment.loadMany(bests.map(({ id }) => id as ObjectId));
    return bests.flatMap(({ challenge, count }, index) => {
      const experiment = experiments[index];
      if (experiment instanceof Error) throw experiment;
      return experiment ? [{ challenge, experiment, experimentCount: count }] : [];
    });
  }
}
