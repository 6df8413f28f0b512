import { setTimeout as sleep } from 'node:timers/promises';
import { post, type ServerProcess } from './process';
import { CREATE, LOG_EPOCH, newId, SAVE } from './seed';

const RUN = `query ($id: ID!) {
  experiment(id: $id) {
    epochCount
    metrics { totalEpochs bestValLoss bestEpoch finalValLoss }
    epochs(first: 1000) { nodes { id epoch metrics { valLoss } } }
    bestCheckpoint { epoch }
    checkpoints { nodes { epoch isBest } }
  }
}`;

interface Run {
  epochCount: number;
  metrics: { totalEpochs: number | null; bestValLoss: number | null; bestEpoch: number | null };
  epochs: { nodes: { id: string; epoch: number; metrics: { valLoss: number } }[] };
  bestCheckpoint: { epoch: number } | null;
  checkpoints: { nodes: { epoch: number; isBest: boolean }[] };
}

/** A loss whose best epoch is neither the first nor the last. */
const lossOf = (epoch: number): number => 1 + ((epoch * 7919) % 101) / 100;

/**
 * A trainer that logs one epoch after another and repeats each until it is acknowledged, as an outage demands. It keeps
 * what was acknowledged, and every answer that was neither a success nor an outage.
 */
export class Trainer {
  readonly id = newId();
  readonly acknowledged = new Set<number>();
  readonly refusals: string[] = [];
  outages = 0;
  /** The epoch that was sent last, acknowledged or not. */
  sent = -1;
  private isPaused = false;
  private working: Promise<void> = Promise.resolve();

  constructor(private readonly url: string) {}

  async create(): Promise<void> {
    await this.insist(CREATE, { input: { id: this.id, name: 'survivor' } });
  }

  resume(): void {
    this.isPaused = false;
    this.working = this.work();
  }

  /** Stops after the request under way, whatever becomes of that. */
  async pause(): Promise<void> {
    this.isPaused = true;
    await this.working;
  }

  private async work(): Promise<void> {
    while (!this.isPaused) {
      const epoch = this.acknowledged.size;
      this.sent = epoch;
      const input = { experimentId: this.id, epoch, metrics: { val_loss: lossOf(epoch), train_loss: 1 } };
      if (await this.attempt(LOG_EPOCH, { input })) this.acknowledged.add(epoch);
      else await sleep(20);
      if (epoch % 5 === 4 && this.acknowledged.has(epoch)) {
        const checkpoint = { experimentId: this.id, epoch, isBest: true, file: { path: `${epoch}.pt` } };
        await this.attempt(SAVE, { input: checkpoint });
      }
    }
  }

  private async insist(document: string, variables: Record<string, unknown>): Promise<void> {
    while (!(await this.attempt(document, variables))) await sleep(20);
  }

  private async attempt(document: string, variables: Record<string, unknown>): Promise<boolean> {
    const answer = await post(this.url, document, variables).catch(() => undefined);
    if (answer?.data) return true;
    if (answer && !answer.errors) this.refusals.push(`No GraphQL: ${JSON.stringify(answer)}`);
    const lasting = answer?.errors?.filter(({ extensions }) => extensions.code !== 'DATABASE_UNAVAILABLE') ?? [];
    this.refusals.push(...lasting.map(({ message, extensions }) => `${extensions.code}: ${message}`));
    this.outages++;
    return false;
  }
}

/** What is stored of a trainer's run is what was acknowledged, the request under way at most besides, each once. */
export async function expectWhole(server: Pick<ServerProcess, 'data'>, trainer: Trainer): Promise<Run> {
  const { experiment: run } = await server.data<{ experiment: Run }>(RUN, { id: trainer.id });
  const numbers = run.epochs.nodes.map(({ epoch }) => epoch);
  const underWay = trainer.acknowledged.has(trainer.sent)
    ? []
    : [trainer.sent].filter((epoch) => numbers.includes(epoch));
  expect(numbers).toEqual([...trainer.acknowledged, ...underWay]);
  expect(new Set(run.epochs.nodes.map(({ id }) => id)).size).toBe(numbers.length);
  expect(run.epochs.nodes.map(({ metrics }) => metrics.valLoss)).toEqual(numbers.map(lossOf));
  expect(run.epochCount).toBe(numbers.length);
  expect(run.metrics.totalEpochs ?? 0).toBe(numbers.length);
  const best = Math.min(...numbers.map(lossOf));
  if (numbers.length > 0) {
    expect(run.metrics).toMatchObject({
      bestValLoss: best,
      bestEpoch: numbers.find((epoch) => lossOf(epoch) === best),
    });
  }
  const isBest = run.checkpoints.nodes.filter((checkpoint) => checkpoint.isBest);
  expect(isBest).toHaveLength(run.checkpoints.nodes.length > 0 ? 1 : 0);
  expect(isBest[0]?.epoch).toBe(run.bestCheckpoint?.epoch);
  return run;
}
