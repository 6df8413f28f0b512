import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, graphql, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(`
  scalar MetricValue
  type Query { experiments(first: Int): ExperimentConnection!  experiment(id: ID!): Experiment }
  type ExperimentConnection { nodes: [Experiment!]! }
  type Experiment { id: ID!  name: String!  status: String!  epochCount: Int!  metrics: ExperimentMetrics! }
  type ExperimentMetrics { bestValLoss: MetricValue  bestEpoch: Int }
  type Subscription {
    experimentChanged(id: ID, after: String): ExperimentEvent!
    epochLogged(experimentId: ID!, afterEpoch: Int, after: String): EpochEvent!
  }
  type ExperimentEvent { kind: String!  cursor: String!  experiment: Experiment }
  type EpochEvent { kind: String!  cursor: String!  epoch: Epoch! }
  type Epoch { epoch: Int!  metrics: EpochMetrics! }
  type EpochMetrics { trainLoss: MetricValue  valLoss: MetricValue }
`);

interface Listener {
  field: string;
  push: (event: unknown) => void;
  fail: (error: Error) => void;
}

/** The part of the contract that watching uses, over real sockets, with a hand on every event and connection. */
export class FakeApi {
  readonly run = { id: 'run-1', name: 'first', status: 'RUNNING', metrics: { bestValLoss: 0.5, bestEpoch: 1 } };
  isRunKnown = true;
  /** The arguments of every epochLogged, in the order of their arrival. */
  readonly epochArguments: unknown[] = [];
  private readonly epochs: { epoch: number; metrics: { trainLoss: unknown; valLoss: unknown } }[] = [];
  private readonly listeners = new Set<Listener>();
  private readonly http = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
      const answer = await graphql({ schema, source: query, rootValue: this.root, variableValues: variables });
      response.end(JSON.stringify(answer));
    });
  });
  private readonly sockets = new WebSocketServer({ server: this.http, path: '/graphql' });
  private readonly root = {
    experiments: () => ({ nodes: this.isRunKnown ? [this.experiment()] : [] }),
    experiment: ({ id }: { id: string }) => (this.isRunKnown && id === this.run.id ? this.experiment() : null),
    experimentChanged: () => this.listen('experimentChanged', []),
    epochLogged: (args: { afterEpoch?: number; after?: string }) => {
      this.epochArguments.push(args);
      const stored = args.after === undefined ? this.epochs : this.epochs.slice(Number(args.after) + 1);
      return this.listen('epochLogged', stored.map(epochEvent));
    },
  };

  /** Starts listening; the address of the API. */
  async start(): Promise<string> {
    useServer({ schema, roots: { subscription: this.root } }, this.sockets);
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/graphql`;
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise((resolve) => this.sockets.close(resolve));
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  log(trainLoss: unknown, valLoss: unknown): void {
    this.epochs.push({ epoch: this.epochs.length, metrics: { trainLoss, valLoss } });
    this.emit('epochLogged', epochEvent(this.epochs.at(-1)!));
  }

  setStatus(status: string): void {
    this.run.status = status;
    this.emit('experimentChanged', { kind: 'UPDATED', cursor: 'c', experiment: this.experiment() });
  }

  dropConnections(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  /** Ends every epochLogged as a server does whose history is gone. */
  requireResync(): void {
    const error = new GraphQLError('The history is gone.', { extensions: { code: 'RESYNC_REQUIRED' } });
    for (const listener of this.listeners) if (listener.field === 'epochLogged') listener.fail(error);
  }

  /** How many subscriptions of a field there are now. */
  subscribers(field: string): number {
    return [...this.listeners].filter((listener) => listener.field === field).length;
  }

  private experiment() {
    return { ...this.run, epochCount: this.epochs.length };
  }

  private emit(field: string, event: unknown): void {
    for (const listener of this.listeners) if (listener.field === field) listener.push(event);
  }

  /** Written out, since a generator that waits for its next event can't be returned from. */
  private listen(field: string, first: unknown[]): AsyncIterableIterator<unknown> {
    const queue = [...first];
    const end: { failure?: Error; isOver: boolean } = { isOver: false };
    let wake = () => {};
    const listener: Listener = {
      field,
      push: (event) => (queue.push(event), wake()),
      fail: (error) => ((end.failure = error), wake()),
    };
    this.listeners.add(listener);
    const finish = () => {
      end.isOver = true;
      this.listeners.delete(listener);
      wake();
      return Promise.resolve({ value: undefined, done: true as const });
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        while (queue.length === 0 && !end.failure && !end.isOver) {
          await new Promise<void>((resolve) => (wake = resolve));
        }
        if (end.isOver) return { value: undefined, done: true };
        const failure = queue.length === 0 ? end.failure : undefined;
        if (!failure) return { value: { [field]: queue.shift() }, done: false };
        await finish();
        throw failure;
      },
      return: finish,
    };
  }
}

function epochEvent(epoch: { epoch: number }) {
  return { kind: 'CREATED', cursor: String(epoch.epoch), epoch };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
