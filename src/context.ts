import { NOBODY, type Viewer } from './auth/viewer';
import type { Live } from './live/subscriptions';
import { createLoaders, type Loaders } from './loaders';
import type { Stores } from './stores';

/** What a resolver sees. One for each operation, and for each event of a subscription. */
export interface Context {
  readonly stores: Stores;
  readonly loaders: Loaders;
  readonly live: Live;
  readonly server: ServerDescription;
  /** Who asks. */
  readonly viewer: Viewer;
}

/** What the server says of itself in `serverInfo`. */
export interface ServerDescription {
  readonly version: string;
  readonly embedded: boolean;
  readonly limits: Readonly<Record<string, number>>;
}

/** Makes contexts over the parts of one server; each has loaders of its own. Null is a caller whom nobody admitted. */
export type ContextFactory = (viewer: Viewer | null) => Context;

/** The context factory of a server. */
export function createContextFactory(parts: Omit<Context, 'loaders' | 'viewer'>): ContextFactory {
  return (viewer) => ({ ...parts, viewer: viewer ?? NOBODY, loaders: createLoaders(parts.stores) });
}
