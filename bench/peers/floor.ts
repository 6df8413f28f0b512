/**
 * The least that a service can do: the driver's find of the same documents with the same projection, JSON.stringify,
 * node:http. No GraphQL: a request names a workload by its path, and its variables are those of the GraphQL request.
 */
import { createServer } from 'node:http';
import { MongoClient } from 'mongodb';
import { collectionsOf } from '../../src/stores/collections';
import { readWorkload } from '../laboratory/read-workloads';
import { announce } from './served';

async function main(): Promise<void> {
  const client = await new MongoClient(process.env.MONGODB_URI!).connect();
  const collections = collectionsOf(client.db());
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const workload = readWorkload(request.url!.slice(1));
      const { variables } = JSON.parse(Buffer.concat(parts).toString()) as { variables: Record<string, unknown> };
      void workload.floor(collections, variables).then((data) => {
        const text = JSON.stringify({ data });
        response.setHeader('content-type', 'application/json; charset=utf-8');
        response.setHeader('content-length', Buffer.byteLength(text));
        response.end(text);
      });
    });
  });
  server.listen(0, '127.0.0.1', () => announce(server, ''));
}

void main();
