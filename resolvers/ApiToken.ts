import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { toObjectId } from '../src/stores/values';
import { ApiToken } from '../types/ApiToken';
import { Role } from '../types/enums/Role';
import { CreateApiTokenPayload } from '../types/payloads/CreateApiTokenPayload';
import { RevokeApiTokenPayload } from '../types/payloads/RevokeApiTokenPayload';
import { DateTime } from '../types/scalars/DateTime';
import { Needs } from './role';

@Resolver(() => ApiToken)
export class ApiTokenResolver {
  @Needs(Role.ADMIN)
  @Query(() => [ApiToken], { description: 'All tokens, expired ones among them, oldest first.' })
  apiTokens(@Ctx() { stores }: Context): Promise<ApiToken[]> {
    return stores.tokens.list();
  }

  @Needs(Role.ADMIN)
  @Mutation(() => CreateApiTokenPayload, {
    description:
      'Makes a token. Its secret is in this answer and nowhere else: where the answer is lost, revoke the token and make ' +
      'another one.',
  })
  createApiToken(
    @Arg('name', () => String, { description: 'Who or what will use it, 1 to 256 characters; not unique.' })
    name: string,
    @Arg('role', () => Role, { description: 'What its bearer may do.' }) role: Role,
    @Arg('expiresAt', () => DateTime, {
      nullable: true,
      description: 'From when on it lets nobody in; left out for never.',
    })
    expiresAt: Date | null | undefined,
    @Ctx() { stores }: Context,
  ): Promise<CreateApiTokenPayload> {
    return stores.tokens.create(name, role, expiresAt ?? null);
  }

  @Needs(Role.ADMIN)
  @Mutation(() => RevokeApiTokenPayload, {
    description:
      'Removes a token: nobody comes in with it any more, and the connections that its bearers have open are closed. ' +
      'Removing what is not there is no error, so a retry is safe.',
  })
  async revokeApiToken(
    @Arg('id', () => ID, { description: "The token's id." }) id: string,
    @Ctx() { stores }: Context,
  ): Promise<RevokeApiTokenPayload> {
    const tokenId = toObjectId(id, 'id');
    await stores.tokens.revoke(tokenId);
    return { id: tokenId.toHexString() };
  }
}
