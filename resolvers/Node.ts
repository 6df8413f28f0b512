import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { ObjectId } from 'mongodb';
import type { Context } from '../src/context';
import { badInput } from '../src/errors';
import { toObjectId } from '../src/stores/values';
import { Node } from '../types/Node';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

const MAX_NODES = 250;

/** The record with this id, whichever collection holds it: one batched read of each. */
async function find(id: ObjectId, { loaders }: Context): Promise<Node | null> {
  const whole = { key: id, fields: null };
  const found = await Promise.all([
    loaders.experiment.load(whole),
    loaders.epoch.load(whole),
    loaders.checkpoint.load(whole),
    loaders.subject.load(whole),
  ]);
  return found.find((record) => record !== null) ?? null;
}

@Resolver(() => Node)
export class NodeResolver {
  @Needs(Role.READER)
  @Query(() => Node, { nullable: true, description: 'Any record by its id; null if there is none.' })
  node(
    @Arg('id', () => ID, { description: "The record's id." }) id: string,
    @Ctx() context: Context,
  ): Promise<Node | null> {
    return find(toObjectId(id, 'id'), context);
  }

  @Needs(Role.READER)
  @Query(() => [Node], {
    nullable: 'items',
    description:
      'Any records by their ids, at most 250, in the order given; null in the place of one that does not exist.',
  })
  nodes(
    @Arg('ids', () => [ID], { description: "The records' ids." }) ids: string[],
    @Ctx() context: Context,
  ): Promise<(Node | null)[]> {
    if (ids.length > MAX_NODES) throw badInput('ids', `has ${ids.length} items; it takes at most ${MAX_NODES}`);
    const parsed = ids.map((id, index) => toObjectId(id, `ids[${index}]`));
    return Promise.all(parsed.map((id) => find(id, context)));
  }
}
