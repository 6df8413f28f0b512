import { Arg, Ctx, FieldResolver, ID, Info, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../src/context';
import { ApiError } from '../src/errors';
import { projections } from '../src/stores/projections';
import { toObjectId } from '../src/stores/values';
import { Checkpoint } from '../types/Checkpoint';
import { Epoch } from '../types/Epoch';
import { CheckpointEvent } from '../types/events/CheckpointEvent';
import { Experiment } from '../types/Experiment';
import { SaveCheckpointInput } from '../types/inputs/SaveCheckpointInput';
import { DeleteCheckpointPayload } from '../types/payloads/DeleteCheckpointPayload';
import { SaveCheckpointPayload } from '../types/payloads/SaveCheckpointPayload';
import { selectionOf } from './selection';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => Checkpoint)
export class CheckpointResolver {
  @FieldResolver(() => Experiment, { description: 'The run that it belongs to.' })
  async experiment(
    @Root() { experiment_id }: Checkpoint,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Experiment> {
    const fields = projections.experiment(selectionOf(info));
    const experiment = await loaders.experiment.load({ key: experiment_id, fields });
    if (experiment) return experiment;
    throw new ApiError('NOT_FOUND', `Experiment ${String(experiment_id)} of this checkpoint does not exist.`);
  }

  @FieldResolver(() => Epoch, {
    nullable: true,
    description: 'The epoch after which it was saved; null while that is not logged.',
  })
  epochRecord(
    @Root() { experiment_id, epoch }: Checkpoint,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Epoch | null> {
    return loaders.epochAt.load({ experimentId: experiment_id, epoch, fields: projections.epoch(selectionOf(info)) });
  }

  @Needs(Role.TRAINER)
  @Mutation(() => SaveCheckpointPayload, {
    description:
      'Stores where a checkpoint is. With `isBest`, the former best stops being it in the same moment, so a run never has ' +
      'two. Repeated, it is stored once. NOT_FOUND if there is no such run.',
  })
  saveCheckpoint(
    @Arg('input', () => SaveCheckpointInput, { description: 'The checkpoint.' }) input: SaveCheckpointInput,
    @Ctx() { stores }: Context,
  ): Promise<SaveCheckpointPayload> {
    return stores.checkpoints.save(input);
  }

  @Needs(Role.ADMIN)
  @Mutation(() => DeleteCheckpointPayload, {
    description:
      'Removes a checkpoint; its file is not touched. Removing what is not there is no error, so a retry is safe.',
  })
  async deleteCheckpoint(
    @Arg('id', () => ID, { description: "The checkpoint's id." }) id: string,
    @Ctx() { stores }: Context,
  ): Promise<DeleteCheckpointPayload> {
    const checkpointId = toObjectId(id, 'id');
    await stores.checkpoints.delete(checkpointId);
    return { id: checkpointId.toHexString() };
  }

  @Needs(Role.READER)
  @Subscription(() => CheckpointEvent, {
    description:
      'Checkpoints as they are saved, and as they become or stop being the best: of all runs, or of one. NOT_FOUND if ' +
      'there is no such run.',
    subscribe: async ({ args, context }: { args: CheckpointSavedArgs; context: Context }) => {
      const experimentId = args.experimentId == null ? null : toObjectId(args.experimentId, 'experimentId');
      const events = context.live.checkpointSaved(experimentId, args.bestOnly ?? false, args.after ?? null);
      try {
        if (experimentId && args.after == null) await context.live.assertExists(experimentId);
      } catch (error) {
        await events.return?.();
        throw error;
      }
      return events;
    },
  })
  checkpointSaved(
    @Root() event: CheckpointEvent,
    @Arg('experimentId', () => ID, { nullable: true, description: 'Only checkpoints of this run.' })
    _experimentId?: string,
    @Arg('bestOnly', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'Only those that are the best of their run.',
    })
    _bestOnly?: boolean,
    @Arg('after', () => String, { nullable: true, description: 'Continue behind the event with this cursor.' })
    _after?: string,
  ): CheckpointEvent {
    return event;
  }
}

interface CheckpointSavedArgs {
  experimentId?: string | null;
  bestOnly?: boolean | null;
  after?: string | null;
}
