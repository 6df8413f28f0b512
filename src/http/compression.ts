import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** Answers below this many bytes are sent as they are: they fit in a few packets. */
const LEAST_BYTES = 8 * 1024;

/** Whether a peer's address, as Node writes it, is a loopback one; also an IPv4 one that is written as IPv6. */
export function isOfThisMachine(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/**
 * Lets routes compress their large answers (COMPRESSED). Those to this machine are left alone: there it costs time and
 * saves nothing, and a proxy on the same machine compresses for its clients. Requests are never decompressed: one could
 * then be larger than it says.
 */
export async function serveCompressed(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', (request, _reply, next) => {
    // The plugin's own way to be told that an answer is to be left alone.
    if (isOfThisMachine(request.ip)) request.headers['x-no-compression'] = 'loopback';
    next();
  });
  await app.register(compress, { global: false });
}

/** The option of a route whose answers are compressed, with brotli or gzip, as the client accepts. */
export const COMPRESSED = { encodings: ['br', 'gzip'] as ('br' | 'gzip')[], threshold: LEAST_BYTES };
