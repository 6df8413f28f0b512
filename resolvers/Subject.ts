import { Arg, Args, Ctx, FieldResolver, Info, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../src/context';
import { EXPERIMENT_LIMITS, EXPERIMENT_ORDER } from '../src/stores/experiments';
import { subjectFilter } from '../src/stores/filters';
import { subjectOrder } from '../src/stores/order-input';
import { EMPTY_PAGE, toPageRequest } from '../src/stores/pages';
import { projections } from '../src/stores/projections';
import { MAX_SUBJECTS, SUBJECT_LIMITS, SUBJECT_ORDER } from '../src/stores/subjects';
import { assertBatch, toText } from '../src/stores/values';
import { ExperimentConnection } from '../types/connections/ExperimentConnection';
import { SubjectConnection } from '../types/connections/SubjectConnection';
import { Experiment } from '../types/Experiment';
import { PageArgs } from '../types/inputs/PageArgs';
import { SubjectListArgs } from '../types/inputs/SubjectListArgs';
import { SubjectInput } from '../types/inputs/SubjectInput';
import { DeleteSubjectPayload } from '../types/payloads/DeleteSubjectPayload';
import { UpsertSubjectsPayload } from '../types/payloads/UpsertSubjectsPayload';
import { SubjectEvent } from '../types/events/SubjectEvent';
import { Subject } from '../types/Subject';
import { toBatchErrors } from './batch';
import { toConnection, type ConnectionSource } from './connection';
import { nodeSelectionOf, selectionOf } from './selection';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => Subject)
export class SubjectResolver {
  @Needs(Role.READER)
  @Query(() => Subject, { nullable: true, description: 'One subject; null if there is none with this identifier.' })
  subject(
    @Arg('subjectId', () => String, { description: 'Identifier in the dataset, such as "sub-NDARAC904DMU".' })
    subjectId: string,
    @Ctx() { loaders }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Subject | null> {
    return loaders.subjectBySubjectId.load({
      key: toText(subjectId, 'subjectId'),
      fields: projections.subject(selectionOf(info)),
    });
  }

  @Needs(Role.READER)
  @Query(() => SubjectConnection, {
    description:
      'Subjects, by identifier unless ordered otherwise. `first` and `last` take 1 to 1000, 100 if left out. A cursor is ' +
      'good for the order that it was made for.',
  })
  async subjects(
    @Args() { filter, orderBy, ...args }: SubjectListArgs,
    @Ctx() { stores }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConnectionSource<Subject>> {
    const order = subjectOrder(orderBy) ?? SUBJECT_ORDER;
    const request = toPageRequest(args, order, SUBJECT_LIMITS, projections.subject(nodeSelectionOf(info)));
    const condition = subjectFilter(filter);
    return toConnection(await stores.subjects.page(condition, order, request), () => stores.subjects.count(condition));
  }

  @FieldResolver(() => ExperimentConnection, {
    description: "The runs whose dataset uses one of the subject's releases, newest first.",
  })
  async experiments(
    @Root() { releases }: Subject,
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
    if (releases.length === 0) return toConnection(EMPTY_PAGE, async () => 0);
    return toConnection(await loaders.experimentPagesUsing.load({ releases, request }), () =>
      loaders.experimentCountUsing.load(releases),
    );
  }

  @Needs(Role.TRAINER)
  @Mutation(() => UpsertSubjectsPayload, {
    description:
      'Creates or updates up to 1000 subjects by subjectId. Each is written on its own: what is wrong with one is listed ' +
      'by its index, and the others are stored.',
  })
  async upsertSubjects(
    @Arg('subjects', () => [SubjectInput], { description: 'The subjects, 1 to 1000.' }) subjects: SubjectInput[],
    @Ctx() { stores }: Context,
  ): Promise<UpsertSubjectsPayload> {
    assertBatch(subjects.length, MAX_SUBJECTS, 'subjects');
    const results = await stores.subjects.upsert(subjects);
    const count = (outcome: string): number => results.filter((result) => result === outcome).length;
    return {
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      errors: toBatchErrors(results),
    };
  }

  @Needs(Role.ADMIN)
  @Mutation(() => DeleteSubjectPayload, {
    description: 'Removes a subject. Removing what is not there is no error, so a retry is safe.',
  })
  async deleteSubject(
    @Arg('subjectId', () => String, { description: 'Identifier in the dataset.' }) subjectId: string,
    @Ctx() { stores }: Context,
  ): Promise<DeleteSubjectPayload> {
    await stores.subjects.delete(subjectId);
    return { subjectId };
  }

  @Needs(Role.READER)
  @Subscription(() => SubjectEvent, {
    description:
      'Subjects as they are created, changed and removed: all of them, or one. Behind a cursor, when the one asked for is ' +
      'stored no more, removals of others come too: their `id` tells.',
    subscribe: ({ args, context }: { args: SubjectChangedArgs; context: Context }) =>
      context.live.subjectChanged(
        args.subjectId == null ? null : toText(args.subjectId, 'subjectId'),
        args.after ?? null,
      ),
  })
  subjectChanged(
    @Root() event: SubjectEvent,
    @Arg('subjectId', () => String, { nullable: true, description: 'Only this subject.' }) _subjectId?: string,
    @Arg('after', () => String, { nullable: true, description: 'Continue behind the event with this cursor.' })
    _after?: string,
  ): SubjectEvent {
    return event;
  }
}

interface SubjectChangedArgs {
  subjectId?: string | null;
  after?: string | null;
}
