import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Admit, Viewer } from '../auth/viewer';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null on routes that ask nobody. */
    viewer: Viewer | null;
  }
}

/** What routes put in front of their handlers, so that nobody's body is read who may not come in. */
export interface Admissions {
  /** Lets in who shows a good token, and sets `request.viewer`. */
  everyRequest: onRequestAsyncHookHandler;
  /** The same, but for a GET without an operation, which is a person who opens the address in a browser. */
  everyOperation: onRequestAsyncHookHandler;
}

/** The hooks that admit the clients of an HTTP server. */
export function createAdmissions(app: FastifyInstance, admit: Admit): Admissions {
  app.decorateRequest('viewer', null);
  const everyRequest = async (request: FastifyRequest): Promise<void> => {
    request.viewer = await admit({ authorization: request.headers.authorization });
  };
  return {
    everyRequest,
    everyOperation: async (request) => {
      const { query } = request.query as { query?: unknown };
      if (request.method === 'OPTIONS' || (request.method === 'GET' && query === undefined)) return;
      await everyRequest(request);
    },
  };
}
