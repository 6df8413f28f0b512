import { doc } from '../values/value';
import type { Command } from './invocation';

export const ping: Command = { fields: [], run: () => ({ body: new Map() }) };

/** There are no users: whoever reaches the socket may do all. */
export const connectionStatus: Command = {
  fields: ['showPrivileges'],
  run: () => ({ body: doc({ authInfo: doc({ authenticatedUsers: [], authenticatedUserRoles: [] }) }) }),
};
