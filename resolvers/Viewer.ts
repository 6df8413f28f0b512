import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { Role } from '../types/enums/Role';
import { Viewer } from '../types/Viewer';
import { Needs } from './role';

@Resolver(() => Viewer)
export class ViewerResolver {
  @Needs(Role.READER)
  @Query(() => Viewer, { description: "Who the caller is: the token's name and role." })
  viewer(@Ctx() { viewer: { name, role } }: Context): Viewer {
    // Its own role has admitted the caller to this field.
    return { name, role: role! };
  }
}
