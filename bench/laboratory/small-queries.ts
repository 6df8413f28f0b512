import { performance } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { post } from './server-process';

/**
 * A small query sent every 10 ms, answered or not, from a thread of its own: what the load costs to make is not counted
 * as waiting.
 */

const EVERY_MS = 10;
const QUERY = '{ experiments(first: 5) { nodes { id name status liveness metrics { bestValLoss } } } }';

/** How long small queries waited for their answers, in ms, ascending. */
export type Waits = readonly number[];

export class SmallQueries {
  private waits: number[] = [];
  private readonly worker: Worker;

  constructor(url: string) {
    this.worker = new Worker(__filename, { workerData: url });
    this.worker.on('message', (wait: number | string) => {
      if (typeof wait === 'string') throw new Error(`A small query failed: ${wait}`);
      this.waits.push(wait);
    });
  }

  /** The waits of those that were answered while `work` ran. */
  async during(work: () => Promise<unknown>): Promise<Waits> {
    this.waits = [];
    await work();
    return [...this.waits].sort((a, b) => a - b);
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** The wait that a share of them did not exceed. */
export function quantile(waits: Waits, share: number): number {
  return waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!;
}

/** "p50 2.9, p99 11.1, worst 14.8 ms of 294". */
export function show(waits: Waits): string {
  const [p50, p99, worst] = [quantile(waits, 0.5), quantile(waits, 0.99), waits.at(-1)!];
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${worst.toFixed(1)} ms of ${waits.length}`;
}

if (!isMainThread) {
  const url = workerData as string;
  setInterval(() => {
    const began = performance.now();
    post(url, QUERY).then(
      () => parentPort!.postMessage(performance.now() - began),
      (error: Error) => parentPort!.postMessage(error.message),
    );
  }, EVERY_MS);
}
