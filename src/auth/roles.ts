import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql';
import { Role } from '../../types/enums/Role';
import { ApiError } from '../errors';
import type { Viewer } from './viewer';

const RANK: Readonly<Record<Role, number>> = { [Role.READER]: 0, [Role.TRAINER]: 1, [Role.ADMIN]: 2 };

/** Whether a role may do what needs another one. */
export function mayDo(role: Role | null, needed: Role): boolean {
  return role !== null && RANK[role] >= RANK[needed];
}

/** The role that a root field declares in its extensions; undefined where it declares none. */
export function roleOf(field: GraphQLField<unknown, unknown>): Role | undefined {
  const { role } = field.extensions as { role?: unknown };
  return Object.values(Role).find((known) => known === role);
}

/**
 * Makes every root field of a schema refuse viewers below the role that it declares with FORBIDDEN, before its resolver or
 * its source of events sees them: whatever executes the schema can't leave that out. The context of an execution has the
 * `viewer`. A description says the role where it is not that of
 * every token. Throws for a root field that declares none.
 */
export function enforceRoles(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const needed = roleOf(field);
      if (!needed) throw new Error(`${type!.name}.${field.name} declares no role: see resolvers/role.ts`);
      const { subscribe, resolve = defaultFieldResolver } = field;
      if (needed !== Role.READER) field.description = `${field.description} Needs the role ${needed}.`;
      field.resolve = (source, args, context: { viewer: Viewer }, info) => {
        assertMay(context.viewer, field.name, needed);
        return resolve(source, args, context, info);
      };
      if (!subscribe) continue;
      field.subscribe = (source, args, context: { viewer: Viewer }, info) => {
        assertMay(context.viewer, field.name, needed);
        return subscribe(source, args, context, info);
      };
    }
  }
  return schema;
}

function assertMay({ name, role }: Viewer, field: string, needed: Role): void {
  if (mayDo(role, needed)) return;
  if (role === null)
    throw new ApiError('UNAUTHENTICATED', `${field} needs the role ${needed}; nobody let the caller in.`);
  const who = name === null ? 'the caller' : `the token ${JSON.stringify(name)}`;
  throw new ApiError('FORBIDDEN', `${field} needs the role ${needed}; ${who} has ${role}.`);
}
