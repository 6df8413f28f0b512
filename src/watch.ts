import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { credentials, queryApi, WatchError, type Api } from './watch/api';
import { ChartDisplay, LineDisplay, type Display, type EpochLosses } from './watch/display';
import { follow } from './watch/follow';
import { formatValue } from './watch/plot';

export { WatchError } from './watch/api';

export interface WatchOptions {
  /** The API's address, such as http://127.0.0.1:4000/graphql; the subscriptions go to the same one by WebSocket. */
  url: string;
  /** What lets the caller in, where the server asks for it. */
  token?: string | undefined;
  /** Left out: the newest running experiment or, if none runs, the first that starts. */
  experimentId?: string | undefined;
  out: NodeJS.WritableStream;
  /** Whether `out` is a terminal, which gets a moving chart; anything else gets a line an epoch. */
  isTty: boolean;
  /** Ends the watching, as Ctrl-C should. */
  signal: AbortSignal;
}

/** How the run ended, or INTERRUPTED if the watching did. */
export type WatchEnd = 'COMPLETED' | 'FAILED' | 'STOPPED' | 'DELETED' | 'INTERRUPTED';

type Status = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'STOPPED';
type MetricValue = number | 'NaN' | 'Infinity' | '-Infinity';
interface Run {
  id: string;
  name: string;
  status: Status;
  epochCount: number;
  metrics: { bestValLoss: MetricValue | null; bestEpoch: number | null };
}
interface ExperimentEvent {
  cursor: string;
  kind: 'CREATED' | 'UPDATED' | 'DELETED';
  experiment: { id: string; status: Status } | null;
}
interface EpochEvent {
  cursor: string;
  epoch: { epoch: number; metrics: { trainLoss: MetricValue | null; valLoss: MetricValue | null } };
}

const RUNNING_EXPERIMENTS = `query { experiments(first: 20) { nodes { id status } } }`;
const RUN = `query Run($id: ID!) {
  experiment(id: $id) { id name status epochCount metrics { bestValLoss bestEpoch } }
}`;
const ANY_EXPERIMENT = `subscription AnyExperiment($after: String) {
  experimentChanged(after: $after) { kind cursor experiment { id status } }
}`;
const ONE_EXPERIMENT = `subscription OneExperiment($id: ID!, $after: String) {
  experimentChanged(id: $id, after: $after) { kind cursor experiment { id status } }
}`;
const EPOCHS = `subscription Epochs($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    kind cursor epoch { epoch metrics { trainLoss valLoss } }
  }
}`;

/** How often the state is asked for besides being subscribed to: a change before the subscription stood shows here. */
const RECHECK_MS = 3_000;
/** How long the last epochs of a run that has ended may still be on their way. */
const LAST_EPOCHS_MS = 5_000;

/**
 * Follows one experiment through the public API and shows its losses as they arrive: the stored epochs, then each new
 * one, through lost connections. Resolves when the run ends, is deleted, or `signal` aborts. Throws WatchError, whose
 * message is a sentence for the user, if the server can't be reached at the start, refuses, or knows no such experiment.
 */
export async function watchExperiment({
  url,
  token,
  experimentId,
  out,
  isTty,
  signal,
}: WatchOptions): Promise<WatchEnd> {
  const display = isTty ? new ChartDisplay(out) : new LineDisplay(out);
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: credentials(token),
  });
  const watch = new Watch({ url, token }, client, display, signal);
  try {
    return await watch.run(experimentId ?? (await watch.findRunning()));
  } catch (error) {
    if (!signal.aborted) throw error;
    display.say('No longer watching; the run goes on.');
    return 'INTERRUPTED';
  } finally {
    display.finish();
    await client.dispose();
  }
}

class Watch {
  private readonly epochs = new Map<number, EpochLosses>();

  constructor(
    private readonly api: Api,
    private readonly client: Client,
    private readonly display: Display,
    private readonly signal: AbortSignal,
  ) {}

  /** The id of the newest running experiment, waiting for one to start if need be. */
  async findRunning(): Promise<string> {
    const newest = await this.newestRunning();
    if (newest !== undefined) return newest;
    this.display.say(`No experiment is running at ${this.api.url}. Waiting for one to start.`);
    return this.until<string>((found) => ({
      recheck: async () => {
        const id = await this.newestRunning();
        if (id !== undefined) found(id);
      },
      subscribe: (signal) =>
        follow<ExperimentEvent>(
          this.client,
          {
            query: ANY_EXPERIMENT,
            field: 'experimentChanged',
            variables: {},
            onEvent: ({ experiment }) => {
              if (experiment?.status === 'RUNNING') found(experiment.id);
            },
          },
          signal,
        ),
    }));
  }

  /** Shows the experiment until its end. */
  async run(id: string): Promise<WatchEnd> {
    const run = await this.load(id);
    if (!run) throw new WatchError(`There is no experiment ${id} at ${this.api.url}.`);
    this.display.say(`Experiment ${run.name} (${run.id})`);
    const epochsOnly = new AbortController();
    const signal = AbortSignal.any([this.signal, epochsOnly.signal]);
    const epochs = this.followEpochs(id, signal);
    try {
      const ended = run.status === 'RUNNING' ? this.untilEnd(id) : Promise.resolve(run.status);
      const end = await Promise.race([ended, epochs.then(() => ended)]);
      return await this.summarize(id, end);
    } finally {
      epochsOnly.abort();
      await epochs.catch(() => undefined);
    }
  }

  private followEpochs(id: string, signal: AbortSignal): Promise<void> {
    return follow<EpochEvent>(
      this.client,
      {
        query: EPOCHS,
        field: 'epochLogged',
        variables: { id, afterEpoch: -1 },
        onEvent: ({ epoch }) => this.take(epoch),
        onResync: () => this.display.say('The server could not continue; reading the epochs again.'),
        onLost: () => this.display.say('The connection is lost; trying again.'),
      },
      signal,
    );
  }

  private take({ epoch, metrics }: EpochEvent['epoch']): void {
    const losses = { epoch, trainLoss: toNumber(metrics.trainLoss), valLoss: toNumber(metrics.valLoss) };
    const known = this.epochs.get(epoch);
    const isKnown = known && Object.is(known.trainLoss, losses.trainLoss) && Object.is(known.valLoss, losses.valLoss);
    if (isKnown) return;
    this.epochs.set(epoch, losses);
    this.display.show(losses, () => [...this.epochs.values()].sort((a, b) => a.epoch - b.epoch));
  }

  private untilEnd(id: string): Promise<WatchEnd> {
    return this.until<WatchEnd>((found) => {
      const judge = (status: Status | undefined) => {
        if (status !== 'RUNNING') found(status ?? 'DELETED');
      };
      return {
        recheck: async () => judge((await this.load(id))?.status),
        subscribe: (signal) =>
          follow<ExperimentEvent>(
            this.client,
            {
              query: ONE_EXPERIMENT,
              field: 'experimentChanged',
              variables: { id },
              onEvent: ({ kind, experiment }) => {
                if (kind === 'DELETED') found('DELETED');
                else if (experiment) judge(experiment.status);
              },
            },
            signal,
          ),
      };
    });
  }

  private async summarize(id: string, end: WatchEnd): Promise<WatchEnd> {
    const run = end === 'DELETED' ? undefined : await this.load(id);
    if (!run) {
      this.display.say('The experiment was deleted.');
      return 'DELETED';
    }
    const deadline = Date.now() + LAST_EPOCHS_MS;
    while (this.epochs.size < run.epochCount && Date.now() < deadline)
      await sleep(20, undefined, { signal: this.signal });
    const best = toNumber(run.metrics.bestValLoss);
    const about = best === undefined ? '' : `; best val_loss ${formatValue(best)} at epoch ${run.metrics.bestEpoch}`;
    this.display.say(`${run.status.toLowerCase()} after ${run.epochCount} epochs${about}`);
    return end;
  }

  /** The first value that either the subscription or the repeated question finds; both have ended when it resolves. */
  private async until<Found>(
    watch: (found: (value: Found) => void) => {
      recheck: () => Promise<void>;
      subscribe: (signal: AbortSignal) => Promise<void>;
    },
  ): Promise<Found> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.signal, over.signal]);
    const { promise, resolve, reject } = withResolvers<Found>();
    const { recheck, subscribe } = watch(resolve);
    const rechecking = async () => {
      for (;;) {
        await sleep(RECHECK_MS, undefined, { signal });
        await recheck().catch(() => undefined); // An outage: `follow` says so, and the next question may succeed.
      }
    };
    const abort = () => reject(this.signal.reason as Error);
    this.signal.addEventListener('abort', abort);
    try {
      subscribe(signal).catch(reject);
      rechecking().catch(() => undefined);
      return await promise;
    } finally {
      this.signal.removeEventListener('abort', abort);
      over.abort();
    }
  }

  private async newestRunning(): Promise<string | undefined> {
    type Data = { experiments: { nodes: { id: string; status: Status }[] } };
    const { experiments } = await queryApi<Data>(this.api, RUNNING_EXPERIMENTS, {}, this.signal);
    return experiments.nodes.find(({ status }) => status === 'RUNNING')?.id;
  }

  private async load(id: string): Promise<Run | undefined> {
    const { experiment } = await queryApi<{ experiment: Run | null }>(this.api, RUN, { id }, this.signal);
    return experiment ?? undefined;
  }
}

function toNumber(value: MetricValue | null): number | undefined {
  return value === null ? undefined : Number(value);
}

function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
