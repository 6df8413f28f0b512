import type { Viewer } from '../auth/viewer';
import { ApiError } from '../errors';
import { figureOf, type Limits } from '../limits';

/** How limits tell clients apart: by their token, or by their address where they have none. */
export function clientOf({ tokenId }: Viewer, address: string | undefined): string {
  return tokenId ?? `address ${address ?? ''}`;
}

/** Ends what was counted; to be called once, and without effect if called again. */
export type Release = () => void;

/** What each client has open, on WebSockets and event streams together. */
export class Clients {
  private readonly sockets = new Map<string, number>();
  private readonly operations = new Map<string, number>();

  constructor(private readonly limits: Pick<Limits, 'socketsPerClient' | 'operationsPerClient'>) {}

  /** Counts a socket of a client in; LIMIT_EXCEEDED where it has as many as it may have. */
  addSocket(client: string): Release {
    const { socketsPerClient } = this.limits;
    return add(this.sockets, client, socketsPerClient, () => {
      const limit = figureOf('socketsPerClient', socketsPerClient);
      const message = `The client has as many WebSockets and event streams open as the limit of ${limit}; close one.`;
      return new ApiError('LIMIT_EXCEEDED', message, { http: { status: 429 } });
    });
  }

  /** Counts an operation of a client in; LIMIT_EXCEEDED where it has as many under way as it may have. */
  addOperation(client: string): Release {
    const { operationsPerClient } = this.limits;
    return add(this.operations, client, operationsPerClient, () => {
      const limit = figureOf('operationsPerClient', operationsPerClient);
      const message = `The client has as many operations and subscriptions under way as the limit of ${limit}; end one.`;
      return new ApiError('LIMIT_EXCEEDED', message, { http: { status: 429 } });
    });
  }
}

function add(counts: Map<string, number>, client: string, most: number, refusal: () => ApiError): Release {
  const count = counts.get(client) ?? 0;
  if (count >= most) throw refusal();
  counts.set(client, count + 1);
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    const left = counts.get(client)! - 1;
    if (left === 0) counts.delete(client);
    else counts.set(client, left);
  };
}
