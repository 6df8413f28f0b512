import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { badInput, notFound } from '../src/errors';
import { configDifferences, metricDifferences } from '../src/stores/comparison';
import { toObjectId } from '../src/stores/values';
import { Experiment } from '../types/Experiment';
import { ExperimentComparison } from '../types/ExperimentComparison';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

const MAX_COMPARED = 20;

@Resolver(() => ExperimentComparison)
export class ExperimentComparisonResolver {
  @Needs(Role.READER)
  @Query(() => ExperimentComparison, {
    description: 'Runs side by side, 1 to 20, and where they differ. NOT_FOUND if one of them does not exist.',
  })
  async compareExperiments(
    @Arg('ids', () => [ID], { description: 'The runs, in the order in which they are shown.' }) ids: string[],
    @Ctx() { loaders }: Context,
  ): Promise<ExperimentComparison> {
    if (ids.length < 1 || ids.length > MAX_COMPARED) {
      throw badInput('ids', `has ${ids.length} items; it takes 1 to ${MAX_COMPARED}`);
    }
    const parsed = ids.map((id, index) => toObjectId(id, `ids[${index}]`));
    const found = await Promise.all(parsed.map((id) => loaders.experiment.load({ key: id, fields: null })));
    const experiments = found.map((experiment, index): Experiment => {
      if (!experiment) throw notFound('Experiment', ids[index]!);
      return experiment;
    });
    return {
      experiments,
      configDiff: configDifferences(experiments),
      metricDiff: metricDifferences(experiments),
    };
  }
}
