import {
  Arg,
  Args,
  Ctx,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../src/context';
import { badInput } from '../src/errors';
import { CHECKPOINT_LIMITS, CHECKPOINT_ORDER } from '../src/stores/checkpoints';
import { EPOCH_LIMITS, EPOCH_ORDER } from '../src/stores/epochs';
import { EXPERIMENT_LIMITS, EXPERIMENT_ORDER } from '../src/stores/experiments';
import { experimentFilter } from '../src/stores/filters';
import { experimentOrder } from '../src/stores/order-input';
import { EMPTY_PAGE, momentOfWalk, toPageRequest } from '../src/stores/pages';
import { projections } from '../src/stores/projections';
import { SERIES_LIMITS } from '../src/stores/series';
import { SUBJECT_LIMITS, SUBJECT_ORDER, type SubjectSelection } from '../src/stores/subjects';
import { toIntegerFrom, toMetricName, toObjectId } from '../src/stores/values';
import { Checkpoint } from '../types/Checkpoint';
import { CheckpointConnection } from '../types/connections/CheckpointConnection';
import { EpochConnection } from '../types/connections/EpochConnection';
import { ExperimentConnection } from '../types/connections/ExperimentConnection';
import { SubjectConnection } from '../types/connections/SubjectConnection';
import { ExperimentLiveness } from '../types/enums/ExperimentLiveness';
import { Epoch } from '../types/Epoch';
import { ExperimentEvent } from '../types/events/ExperimentEvent';
import { Experiment } from '../types/Experiment';
import { CreateExperimentInput } from '../types/inputs/CreateExperimentInput';
import { ExperimentFilter } from '../types/inputs/ExperimentFilter';
import { EpochPageArgs } from '../types/inputs/EpochPageArgs';
import { ExperimentListArgs } from '../types/inputs/ExperimentListArgs';
import { PageArgs } from '../types/inputs/PageArgs';
import { SubjectPageArgs } from '../types/inputs/SubjectPageArgs';
import { UpdateExperimentInput } from '../types/inputs/UpdateExperimentInput';
import { UpdateExperimentStatusInput } from '../types/inputs/UpdateExperimentStatusInput';
import { YardstickArgs } from '../types/inputs/YardstickArgs';
import { MetricSeries } from '../types/MetricSeries';
import { CreateExperimentPayload } from '../types/payloads/CreateExperimentPayload';
import { DeleteExperimentPayload } from '../types/payloads/DeleteExperimentPayload';
import { FailStalledExperimentsPayload } from '../types/payloads/FailStalledExperimentsPayload';
import { HeartbeatPayload } from '../types/payloads/HeartbeatPayload';
import { RewindExperimentPayload } from '../types/payloads/RewindExperimentPayload';
import { UpdateExperimentPayload } from '../types/payloads/UpdateExperimentPayload';
import { toConnection, type ConnectionSource } from './connection';
import { nodeSelectionOf, selectionOf } from './selection';
import { toYardstick } from './yardstick';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

const ALL_EPOCHS = { from: null, to: null };

@Resolver(() => Experiment)
export class ExperimentResolver {
  @Needs(Role.READER)
  @Query(() => Experiment, { nullable: true, description: 'One run; null if there is none with this id.' })
  experiment(
    @Arg('id', () => ID, { description: "The run's id." }) id: string,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Experiment | null> {
    return loaders.experiment.load({ key: toObjectId(id, 'id'), fields: projections.experiment(selectionOf(info)) });
  }

  @Needs(Role.READER)
  @Query(() => ExperimentConnection, {
    description:
      'Runs, newest first unless ordered otherwise. `first` and `last` take 1 to 100, 20 if left out. A cursor is good for ' +
      'the order that it was made for.',
  })
  async experiments(
    @Args() { filter, orderBy, ...args }: ExperimentListArgs,
    @Ctx() { stores }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<Experiment>> {
    const liveness = stores.liveness.at(momentOfWalk(args));
    const order = experimentOrder(orderBy, liveness) ?? EXPERIMENT_ORDER;
    const request = toPageRequest(args, order, EXPERIMENT_LIMITS, projections.experiment(nodeSelectionOf(info)));
    const condition = experimentFilter(filter, liveness);
    return toConnection(await stores.experiments.page(condition, order, request), () =>
      stores.experiments.count(condition),
    );
  }

  @Needs(Role.READER)
  @Query(() => [Experiment], {
    description: 'The best COMPLETED runs of a challenge, best first, by one of their own metrics.',
  })
  bestExperiments(
    @Arg('challenge', () => Int, { description: 'Number of the challenge.' }) challenge: number,
    @Args() yardstick: YardstickArgs,
    @Ctx() { stores }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: 'How many, 1 to 100.' }) first?: number,
  ): Promise<Experiment[]> {
    return stores.reports.best(
      challenge,
      toBoardSize(first),
      toYardstick(yardstick),
      projections.experiment(selectionOf(info)),
    );
  }

  @FieldResolver(() => ExperimentLiveness, { description: 'Whether a run that says RUNNING shows signs of life.' })
  liveness(@Root() experiment: Experiment, @Ctx() { stores }: Context): ExperimentLiveness {
    return stores.liveness.at().of(experiment);
  }

  @FieldResolver(() => Experiment, { nullable: true, description: 'The run that this one continues.' })
  parent(
    @Root() { parent_experiment_id: parentId }: Experiment,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Experiment | null> | null {
    return parentId && loaders.experiment.load({ key: parentId, fields: projections.experiment(selectionOf(info)) });
  }

  @FieldResolver(() => ExperimentConnection, { description: 'The runs that continue this one, newest first.' })
  async children(
    @Root() { _id: parent }: Experiment,
    @Args() args: PageArgs,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<Experiment>> {
    const request = toPageRequest(
      args,
      EXPERIMENT_ORDER,
      EXPERIMENT_LIMITS,
      projections.experiment(nodeSelectionOf(info)),
    );
    return toConnection(await loaders.childPages.load({ parent, request }), () => loaders.childCount.load(parent));
  }

  @FieldResolver(() => EpochConnection, {
    description: "The run's epochs in order of their numbers. `first` and `last` take 1 to 1000, 100 if left out.",
  })
  async epochs(
    @Root() { _id: parent }: Experiment,
    @Args() { from, to, ...args }: EpochPageArgs,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<Epoch>> {
    const request = toPageRequest(args, EPOCH_ORDER, EPOCH_LIMITS, projections.epoch(nodeSelectionOf(info)));
    const range = { from: from ?? null, to: to ?? null };
    return toConnection(await loaders.epochPages.load({ parent, request, range }), () =>
      loaders.epochCount.load({ parent, range }),
    );
  }

  @FieldResolver(() => Epoch, { nullable: true, description: 'One epoch; null if it is not stored.' })
  epoch(
    @Root() { _id: experimentId }: Experiment,
    @Arg('number', () => Int, { description: "The epoch's number." }) number: number,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Epoch | null> {
    return loaders.epochAt.load({ experimentId, epoch: number, fields: projections.epoch(selectionOf(info)) });
  }

  @FieldResolver(() => Epoch, { nullable: true, description: 'The epoch with the highest number.' })
  async latestEpoch(
    @Root() { _id: parent }: Experiment,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Epoch | null> {
    const request = {
      limit: 1,
      backward: true,
      after: null,
      before: null,
      fields: projections.epoch(selectionOf(info)),
    };
    const page = await loaders.epochPages.load({ parent, request, range: ALL_EPOCHS });
    return page.items[0]?.node ?? null;
  }

  @FieldResolver(() => Int, { description: 'How many epochs are stored.' })
  epochCount(@Root() { _id: parent }: Experiment, @Ctx() { loaders }: Context): Promise<number> {
    return loaders.epochCount.load({ parent, range: ALL_EPOCHS });
  }

  @FieldResolver(() => [MetricSeries], {
    description:
      'Metric histories as columns, each metric with the epochs that have it. Longer ones are thinned out to `maxPoints` so ' +
      'that the first, last, smallest and largest point of each stretch stay.',
  })
  series(
    @Root() { _id: parent }: Experiment,
    @Ctx() { loaders }: Context,
    @Arg('metrics', () => [String], {
      nullable: true,
      description: 'Stored names, at most 250, in the order of the answer; every metric, by name, if left out.',
    })
    metrics?: string[],
    @Arg('maxPoints', () => Int, { nullable: true, description: 'Points of a metric, 1 to 10000; 1000 if left out.' })
    maxPoints?: number,
  ): Promise<MetricSeries[]> {
    const points = maxPoints ?? SERIES_LIMITS.default;
    if (points < 1 || points > SERIES_LIMITS.max) {
      throw badInput('maxPoints', `is ${points}; it takes 1 to ${SERIES_LIMITS.max}`);
    }
    if (metrics && metrics.length > SERIES_LIMITS.metrics) {
      throw badInput('metrics', `has ${metrics.length} items; it takes at most ${SERIES_LIMITS.metrics}`);
    }
    const names = metrics ? metrics.map((name, index) => toMetricName(name, `metrics[${index}]`)) : null;
    return loaders.series.load({ parent, names, maxPoints: points });
  }

  @FieldResolver(() => CheckpointConnection, {
    description: "The run's checkpoints, latest epoch first. `first` and `last` take 1 to 1000, 100 if left out.",
  })
  async checkpoints(
    @Root() { _id: parent }: Experiment,
    @Args() args: PageArgs,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<Checkpoint>> {
    const request = toPageRequest(
      args,
      CHECKPOINT_ORDER,
      CHECKPOINT_LIMITS,
      projections.checkpoint(nodeSelectionOf(info)),
    );
    return toConnection(await loaders.checkpointPages.load({ parent, request }), () =>
      loaders.checkpointCount.load(parent),
    );
  }

  @FieldResolver(() => Checkpoint, { nullable: true, description: 'The best checkpoint; null while there is none.' })
  bestCheckpoint(
    @Root() { _id: key }: Experiment,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Checkpoint | null> {
    return loaders.bestCheckpoint.load({ key, fields: projections.checkpoint(selectionOf(info)) });
  }

  @FieldResolver(() => SubjectConnection, {
    description:
      "The subjects of the releases that the run's dataset uses, in order of their identifiers. `first` and `last` take " +
      '1 to 1000, 100 if left out.',
  })
  async subjects(
    @Root() experiment: Experiment,
    @Args() { split, ...args }: SubjectPageArgs,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<unknown>> {
    const request = toPageRequest(args, SUBJECT_ORDER, SUBJECT_LIMITS, projections.subject(nodeSelectionOf(info)));
    const { challenge } = experiment;
    const releases = experiment.dataset?.releases ?? [];
    if (releases.length === 0 || (split && challenge !== 1 && challenge !== 2)) {
      return toConnection(EMPTY_PAGE, async () => 0);
    }
    const selection: SubjectSelection = {
      releases,
      inSplit: split ? { challenge: challenge as 1 | 2, split } : null,
    };
    return toConnection(await loaders.subjectPages.load({ selection, request }), () =>
      loaders.subjectCount.load(selection),
    );
  }

  @Needs(Role.TRAINER)
  @Mutation(() => CreateExperimentPayload, { description: 'Stores a new run. Safe to retry with a client-made id.' })
  createExperiment(
    @Arg('input', () => CreateExperimentInput, { description: 'The run.' }) input: CreateExperimentInput,
    @Ctx() { stores }: Context,
  ): Promise<CreateExperimentPayload> {
    return stores.experiments.create(input);
  }

  @Needs(Role.TRAINER)
  @Mutation(() => UpdateExperimentPayload, {
    description: 'Changes what is said of a run. NOT_FOUND if there is none.',
  })
  async updateExperiment(
    @Arg('input', () => UpdateExperimentInput, { description: 'The changes.' }) input: UpdateExperimentInput,
    @Ctx() { stores }: Context,
  ): Promise<UpdateExperimentPayload> {
    return { experiment: await stores.experiments.update(input) };
  }

  @Needs(Role.TRAINER)
  @Mutation(() => UpdateExperimentPayload, {
    description:
      'Says where a run stands. When it ends, the metrics that the caller leaves out are filled in from its epochs. ' +
      'CONFLICT for a move that is not allowed, NOT_FOUND if there is no such run.',
  })
  async updateExperimentStatus(
    @Arg('input', () => UpdateExperimentStatusInput, { description: 'The new status.' })
    input: UpdateExperimentStatusInput,
    @Ctx() { stores }: Context,
  ): Promise<UpdateExperimentPayload> {
    return { experiment: await stores.lifecycle.updateStatus(input) };
  }

  @Needs(Role.TRAINER)
  @Mutation(() => HeartbeatPayload, {
    description:
      "A running trainer's sign of life: cheap, sent about once a minute. A run that has sent one counts as STALLED after " +
      '5 minutes of silence, unless the server is set otherwise.',
  })
  async heartbeat(
    @Arg('experimentId', () => ID, { description: 'The run.' }) experimentId: string,
    @Ctx() { stores }: Context,
  ): Promise<HeartbeatPayload> {
    return { experiment: await stores.lifecycle.heartbeat(toObjectId(experimentId, 'experimentId')) };
  }

  @Needs(Role.ADMIN)
  @Mutation(() => FailStalledExperimentsPayload, {
    description:
      'Marks FAILED every RUNNING run whose last sign of life (its start, where there is none) is older than this. The end ' +
      'of such a run is its last sign of life. At most 1000 runs a call, the longest silent first.',
  })
  async failStalledExperiments(
    @Arg('silentForSeconds', () => Int, { description: 'Seconds of silence, 1 or more.' }) silentForSeconds: number,
    @Ctx() { stores }: Context,
  ): Promise<FailStalledExperimentsPayload> {
    const seconds = toIntegerFrom(1, silentForSeconds, 'silentForSeconds');
    return { experiments: await stores.lifecycle.failStalled(seconds * 1000) };
  }

  @Needs(Role.TRAINER)
  @Mutation(() => RewindExperimentPayload, {
    description:
      "Removes the epochs after this one, and the checkpoints saved after them, for a trainer that resumes from it; the run's " +
      'own metrics follow. Repeated, it removes nothing more. NOT_FOUND if there is no such run.',
  })
  async rewindExperiment(
    @Arg('experimentId', () => ID, { description: 'The run.' }) experimentId: string,
    @Arg('toEpoch', () => Int, { description: 'The last epoch that stays; -1 removes all.' }) toEpoch: number,
    @Ctx() { stores }: Context,
  ): Promise<RewindExperimentPayload> {
    const id = toObjectId(experimentId, 'experimentId');
    return stores.lifecycle.rewind(id, toIntegerFrom(-1, toEpoch, 'toEpoch'));
  }

  @Needs(Role.ADMIN)
  @Mutation(() => DeleteExperimentPayload, {
    description:
      'Removes a run with its epochs and checkpoints; files on disk are not touched. Runs that continue it stay. ' +
      'Removing what is not there removes nothing, so a retry is safe.',
  })
  async deleteExperiment(
    @Arg('id', () => ID, { description: "The run's id." }) id: string,
    @Ctx() { stores }: Context,
  ): Promise<DeleteExperimentPayload> {
    const experimentId = toObjectId(id, 'id');
    return { id: experimentId.toHexString(), ...(await stores.lifecycle.delete(experimentId)) };
  }

  @Needs(Role.READER)
  @Subscription(() => ExperimentEvent, {
    description:
      'Runs as they are created, changed and removed. An epoch or a checkpoint shows as a change of its run, too. With a ' +
      'filter, those that are under it, and each that stops being so (`matches` is false then). A removed run can be ' +
      'matched no more: without an `id`, everyone is told of it.',
    subscribe: ({ args, context }: { args: ExperimentChangedArgs; context: Context }) =>
      context.live.experimentChanged(
        args.id == null ? null : toObjectId(args.id, 'id'),
        args.filter ?? null,
        args.after ?? null,
      ),
  })
  experimentChanged(
    @Root() event: ExperimentEvent,
    @Arg('id', () => ID, { nullable: true, description: 'Only this run.' }) _id?: string,
    @Arg('filter', () => ExperimentFilter, { nullable: true, description: 'Only runs under this filter.' })
    _filter?: ExperimentFilter,
    @Arg('after', () => String, { nullable: true, description: 'Continue behind the event with this cursor.' })
    _after?: string,
  ): ExperimentEvent {
    return event;
  }

  @Needs(Role.READER)
  @Subscription(() => [Experiment], {
    description:
      'The best COMPLETED runs of a challenge, best first, as `bestExperiments` gives them: the whole board at once, and ' +
      'again each time that a run enters, leaves or moves, or one on it has another figure, name or status.',
    subscribe: ({ args, context }: { args: LeaderboardArgs; context: Context }) =>
      context.live.leaderboard(args.challenge, toBoardSize(args.first), toYardstick(args)),
  })
  leaderboard(
    @Root() board: Experiment[],
    @Arg('challenge', () => Int, { description: 'Number of the challenge.' }) _challenge: number,
    @Args() _yardstick: YardstickArgs,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: 'How many, 1 to 100.' }) _first?: number,
  ): Experiment[] {
    return board;
  }
}

interface LeaderboardArgs extends YardstickArgs {
  challenge: number;
  first?: number | null;
}

/** How many runs a board has. */
function toBoardSize(first: number | null | undefined): number {
  const size = first ?? 10;
  if (size < 1 || size > EXPERIMENT_LIMITS.max) {
    throw badInput('first', `is ${size}; it takes 1 to ${EXPERIMENT_LIMITS.max}`);
  }
  return size;
}

interface ExperimentChangedArgs {
  id?: string | null;
  filter?: ExperimentFilter | null;
  after?: string | null;
}
