import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { DatabaseKind } from '../types/enums/DatabaseKind';
import { ServerInfo } from '../types/ServerInfo';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => ServerInfo)
export class ServerInfoResolver {
  @Needs(Role.READER)
  @Query(() => ServerInfo, { description: 'What this server is, and where it keeps its records.' })
  serverInfo(@Ctx() { server, stores }: Context): ServerInfo {
    return {
      version: server.version,
      database: server.embedded ? DatabaseKind.EMBEDDED : DatabaseKind.MONGODB,
      databaseVersion: stores.database.version,
      limits: { ...server.limits },
    };
  }
}
