import type { Page } from '../src/stores/pages';

/** What a connection's fields are read from. */
export interface ConnectionSource<T> {
  edges: readonly { readonly cursor: string; readonly node: T }[];
  nodes: T[];
  pageInfo: Readonly<{
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  }>;
  count: () => Promise<number>;
}

/** A page as a Relay connection; `count` is called only where `totalCount` is selected. */
export function toConnection<T>(page: Page<T>, count: () => Promise<number>): ConnectionSource<T> {
  return {
    edges: page.items,
    nodes: page.items.map(({ node }) => node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      // Making a cursor takes reading its record, so it is made when it is asked for.
      get startCursor() {
        return page.items[0]?.cursor ?? null;
      },
      get endCursor() {
        return page.items.at(-1)?.cursor ?? null;
      },
    },
    count,
  };
}
