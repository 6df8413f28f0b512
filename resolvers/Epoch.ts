import { Arg, Ctx, FieldResolver, ID, Info, Int, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../src/context';
import { ApiError } from '../src/errors';
import { MAX_BATCH } from '../src/stores/epochs';
import { projections } from '../src/stores/projections';
import { assertBatch, toObjectId } from '../src/stores/values';
import { Checkpoint } from '../types/Checkpoint';
import { EpochConflict } from '../types/enums/EpochConflict';
import { WriteOutcome } from '../types/enums/WriteOutcome';
import { Epoch } from '../types/Epoch';
import { EpochEvent } from '../types/events/EpochEvent';
import { Experiment } from '../types/Experiment';
import { LogEpochInput } from '../types/inputs/LogEpochInput';
import { LogEpochsInput } from '../types/inputs/LogEpochsInput';
import { LogEpochPayload } from '../types/payloads/LogEpochPayload';
import { LogEpochsPayload } from '../types/payloads/LogEpochsPayload';
import { toBatchErrors } from './batch';
import { selectionOf } from './selection';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => Epoch)
export class EpochResolver {
  @FieldResolver(() => Experiment, { description: 'The run that it belongs to.' })
  async experiment(
    @Root() { experiment_id }: Epoch,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Experiment> {
    const fields = projections.experiment(selectionOf(info));
    const experiment = await loaders.experiment.load({ key: experiment_id, fields });
    if (!experiment)
      throw new ApiError('NOT_FOUND', `Experiment ${String(experiment_id)} of this epoch does not exist.`);
    return experiment;
  }

  @FieldResolver(() => [Checkpoint], { description: 'Checkpoints saved after this epoch, oldest first.' })
  checkpoints(
    @Root() { experiment_id, epoch }: Epoch,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Checkpoint[]> {
    const fields = projections.checkpoint(selectionOf(info));
    return loaders.checkpointsAt.load({ experimentId: experiment_id, epoch, fields });
  }

  @Needs(Role.TRAINER)
  @Mutation(() => LogEpochPayload, {
    description:
      "Stores one epoch of a run and keeps the run's own metrics true. Acknowledged means stored; repeated, it is stored " +
      'once. NOT_FOUND if there is no such run.',
  })
  logEpoch(
    @Arg('input', () => LogEpochInput, { description: 'The epoch.' }) input: LogEpochInput,
    @Ctx() { stores }: Context,
  ): Promise<LogEpochPayload> {
    const experimentId = toObjectId(input.experimentId, 'input.experimentId');
    return stores.epochWriter.log(experimentId, input, input.onConflict ?? EpochConflict.REPLACE);
  }

  @Needs(Role.TRAINER)
  @Mutation(() => LogEpochsPayload, {
    description:
      'Stores up to 1000 epochs of one run. Each is written on its own: what is wrong with one is listed by its index, and ' +
      'the others are stored. NOT_FOUND if there is no such run.',
  })
  async logEpochs(
    @Arg('input', () => LogEpochsInput, { description: 'The epochs.' }) input: LogEpochsInput,
    @Ctx() { stores }: Context,
  ): Promise<LogEpochsPayload> {
    const experimentId = toObjectId(input.experimentId, 'input.experimentId');
    assertBatch(input.epochs.length, MAX_BATCH, 'input.epochs');
    const results = await stores.epochWriter.logMany(
      experimentId,
      input.epochs,
      input.onConflict ?? EpochConflict.REPLACE,
    );
    const count = (outcome: WriteOutcome): number =>
      results.filter((result) => !(result instanceof ApiError) && result.outcome === outcome).length;
    return {
      created: count(WriteOutcome.CREATED),
      replaced: count(WriteOutcome.REPLACED),
      unchanged: count(WriteOutcome.UNCHANGED),
      errors: toBatchErrors(results),
    };
  }

  @Needs(Role.READER)
  @Subscription(() => EpochEvent, {
    description:
      "A run's epochs as they are logged. With `afterEpoch`, the stored epochs above it come first, in order, and then the " +
      'live ones; -1 is below every epoch. NOT_FOUND if there is no such run.',
    subscribe: async ({ args, context }: { args: EpochLoggedArgs; context: Context }) => {
      const experimentId = toObjectId(args.experimentId, 'experimentId');
      const events = context.live.epochLogged(experimentId, args.afterEpoch ?? null, args.after ?? null);
      try {
        if (args.after == null) await context.live.assertExists(experimentId);
      } catch (error) {
        await events.return?.();
        throw error;
      }
      return events;
    },
  })
  epochLogged(
    @Root() event: EpochEvent,
    @Arg('experimentId', () => ID, { description: 'The run.' }) _experimentId: string,
    @Arg('afterEpoch', () => Int, { nullable: true, description: 'Begin with the stored epochs above this number.' })
    _afterEpoch?: number,
    @Arg('after', () => String, { nullable: true, description: 'Continue behind the event with this cursor.' })
    _after?: string,
  ): EpochEvent {
    return event;
  }
}

interface EpochLoggedArgs {
  experimentId: string;
  afterEpoch?: number | null;
  after?: string | null;
}
